package trigger

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Response is a function's answer, spelled out. The zero Response is status
// 200 without a body; a function that wants 204 says so, or returns nil.
//
// Rules of the body (RawScriptResult.cs): a string is written as it is, and so
// are bytes and what a reader gives; anything else becomes JSON. A string or a
// JSON value without a Content-Type in Header is text/plain; charset=utf-8, a
// string under another type gets "; charset=utf-8" if the type names no charset,
// and bytes and readers get no type at all: nothing is guessed from content.
type Response struct {
	// Status is the status code, 200 if zero. Anything below 200 or above 999
	// is an error, which the caller sees as status 500. Compat sends it on
	// HTTP/1 as it is, and closes the connection.
	Status int

	// Header has the fields to send; Content-Type with no values is none, for
	// strings too. A value that no HTTP field can carry is an error.
	// Strict-Transport-Security and Access-Control-… stay as the host has set
	// them; other fields replace what is there, Vary is added. Content-Length
	// counts with a reader only, and Transfer-Encoding is left out; Compat heeds
	// both and breaks off an answer that does not fit, as the reference's server
	// does.
	Header http.Header

	// Cookies are sent in Set-Cookie fields, path "/" unless given, values
	// percent-encoded where a cookie cannot hold them.
	Cookies []*http.Cookie

	// Body is nil, a string, a []byte, an io.Reader, which is closed if it is
	// an io.Closer too, or any value for encoding/json. A reader whose length
	// is not known is flushed to the caller as it comes.
	Body any

	// Negotiate lets the Accept field of the request choose the form of a Body
	// that is a string or a JSON value, as if the function had returned it.
	Negotiate bool
}

// write answers with the response. An error means that nothing was written.
func (p *Response) write(a *answer) error {
	if c, ok := p.Body.(io.Closer); ok {
		defer c.Close()
	}
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return p.respond(a, status)
}

// respond answers with a status that is the response's own, or that of another
// language's response, where 0 is one too.
func (p *Response) respond(a *answer, status int) error {
	if (status < 200 || status > 999) && !a.ru.compat {
		return fmt.Errorf("trigger: response: %d: no status of an answer", status)
	}
	fields, err := p.fields(a.ru)
	if err != nil {
		return err
	}
	if p.Negotiate {
		return p.negotiated(a, status, fields)
	}
	ctype := fields.Get("Content-Type")
	if types, set := p.Header["Content-Type"]; set && len(types) == 0 {
		fields["Content-Type"] = nil
		return p.untyped(a, status, fields)
	}
	switch body := p.Body.(type) {
	case nil:
		setType(fields, textType(ctype))
		return a.text(status, fields, "")
	case string:
		setType(fields, textType(ctype))
		return a.text(status, fields, body)
	case []byte:
		setType(fields, ctype)
		return a.bytes(status, fields, body)
	case io.Reader:
		setType(fields, ctype)
		return a.stream(status, fields, body)
	default:
		text, err := encodeJSON(body)
		if err != nil {
			return err
		}
		setType(fields, textType(ctype))
		return a.text(status, fields, text)
	}
}

// untyped writes a response without a content type.
func (p *Response) untyped(a *answer, status int, fields http.Header) error {
	switch body := p.Body.(type) {
	case nil:
		return a.text(status, fields, "")
	case string:
		return a.text(status, fields, body)
	case []byte:
		return a.bytes(status, fields, body)
	case io.Reader:
		return a.stream(status, fields, body)
	}
	text, err := encodeJSON(p.Body)
	if err != nil {
		return err
	}
	return a.text(status, fields, text)
}

// fields checks the header and returns a copy with the cookies in it.
func (p *Response) fields(ru *rules) (http.Header, error) {
	fields := make(http.Header, len(p.Header)+2)
	for name, values := range p.Header {
		if !validFieldName(name) {
			return nil, fmt.Errorf("trigger: response header %q: not the name of a field", name)
		}
		name = http.CanonicalHeaderKey(name)
		if name == "Transfer-Encoding" && !ru.compat {
			continue
		}
		for _, v := range values {
			if !validFieldValue(v) {
				return nil, fmt.Errorf("trigger: response header %q: the value has characters that no field can carry", name)
			}
			fields[name] = append(fields[name], v)
		}
	}
	for _, c := range p.Cookies {
		line, err := cookieLine(c)
		if err != nil {
			return nil, err
		}
		fields["Set-Cookie"] = append(fields["Set-Cookie"], line)
	}
	return fields, nil
}

func (p *Response) negotiated(a *answer, status int, fields http.Header) error {
	if p.Body == nil {
		if status == http.StatusOK && !a.ru.v1 {
			status = http.StatusNoContent
		}
		return a.text(status, fields, "")
	}
	if only := fields.Get("Content-Type"); only != "" {
		// The function's own type restricts what may be chosen.
		form, ok := pick(p.Body, only, a.ru.compat, true)
		if text, isText := p.Body.(string); !ok && a.ru.v1 && isText {
			setType(fields, textType(only)) // 1.x writes it as it is
			return a.text(status, fields, text)
		}
		if !ok {
			return a.text(http.StatusNotAcceptable, fields, "")
		}
		return a.form(status, fields, p.Body, form)
	}
	return a.form(status, fields, p.Body, negotiate(p.Body, a.r.Header["Accept"], a.ru.compat))
}

// textType completes the type of a text: the bytes written are UTF-8, so that is
// the charset to name (RawScriptResult.cs).
func textType(ctype string) string {
	if ctype == "" {
		return "text/plain; charset=utf-8"
	}
	i := strings.Index(strings.ToLower(ctype), "charset=")
	if i < 0 {
		return ctype + "; charset=utf-8"
	}
	rest := ""
	if end := strings.IndexByte(ctype[i:], ';'); end >= 0 {
		rest = ctype[i+end:]
	}
	return ctype[:i] + "charset=utf-8" + rest
}

// setType sets the content type of fields, or says that there is none, so that
// net/http does not guess one from the body.
func setType(fields http.Header, ctype string) {
	if ctype == "" {
		fields["Content-Type"] = nil
		return
	}
	fields["Content-Type"] = []string{ctype}
}

// cookieLine writes a cookie as the reference does: attribute names in lower
// case, the value percent-encoded (CookieHeaderValue in Microsoft.Net.Http.Headers).
func cookieLine(c *http.Cookie) (string, error) {
	if c == nil || !validFieldName(c.Name) {
		return "", errors.New("trigger: response cookie: no valid name")
	}
	var b strings.Builder
	b.WriteString(c.Name + "=" + escapeCookie(c.Value))
	if !c.Expires.IsZero() {
		b.WriteString("; expires=" + c.Expires.UTC().Format(http.TimeFormat))
	}
	if c.MaxAge != 0 {
		b.WriteString("; max-age=" + strconv.Itoa(max(c.MaxAge, 0)))
	}
	if c.Domain != "" {
		b.WriteString("; domain=" + c.Domain)
	}
	path := c.Path
	if path == "" {
		path = "/"
	}
	b.WriteString("; path=" + path)
	if c.Secure {
		b.WriteString("; secure")
	}
	switch c.SameSite {
	case http.SameSiteLaxMode:
		b.WriteString("; samesite=lax")
	case http.SameSiteStrictMode:
		b.WriteString("; samesite=strict")
	case http.SameSiteNoneMode:
		b.WriteString("; samesite=none")
	}
	if c.HttpOnly {
		b.WriteString("; httponly")
	}
	if c.Partitioned {
		b.WriteString("; partitioned")
	}
	line := b.String()
	if !validFieldValue(line) || strings.ContainsRune(c.Domain+c.Path, ';') {
		return "", fmt.Errorf("trigger: response cookie %q: characters that no cookie can hold", c.Name)
	}
	return line, nil
}

// escapeCookie percent-encodes all but unreserved characters.
func escapeCookie(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// validFieldName reports whether s is a token of RFC 9110.
func validFieldName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// validFieldValue reports whether s can be the value of a field: visible ASCII,
// blanks and tabs. Letters outside ASCII are refused, as the reference does.
func validFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// Accepted is the answer of a function that goes on working: status 202 with the
// address where the caller can ask, and when (in whole seconds, rounded up) it is
// worth asking. Zero or less leaves Retry-After out.
func Accepted(statusURL string, retryAfter time.Duration) *Response {
	h := http.Header{"Location": {statusURL}}
	if retryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((retryAfter+time.Second-1)/time.Second), 10))
	}
	return &Response{Status: http.StatusAccepted, Header: h}
}

// Redirect is status 302 with a location, or the status that is given instead.
func Redirect(location string, status ...int) *Response {
	code := http.StatusFound
	if len(status) > 0 && slices.Contains([]int{300, 301, 302, 303, 307, 308}, status[0]) {
		code = status[0]
	}
	return &Response{Status: code, Header: http.Header{"Location": {location}, "Content-Type": nil}}
}
