package trigger

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// An answer is the writing of one typed result. Its methods return an error only
// while nothing is written.
type answer struct {
	w      http.ResponseWriter
	r      *http.Request
	ru     *rules
	inv    *Invocation
	status int // what was written, 0 if an http.Handler did
}

// result answers with v.
func (a *answer) result(v any) error {
	if isNil(v) {
		return a.nothing()
	}
	switch v := v.(type) {
	case *Response:
		return v.write(a)
	case Response:
		return v.write(a)
	case script:
		return v.write(a)
	case http.Handler:
		v.ServeHTTP(a.w, a.r)
		return nil
	case []byte:
		if !a.ru.compat {
			return a.bytes(http.StatusOK, http.Header{"Content-Type": {octets}}, v)
		}
	case io.Reader:
		if c, ok := v.(io.Closer); ok {
			defer c.Close()
		}
		return a.stream(http.StatusOK, http.Header{"Content-Type": {octets}}, v)
	}
	return a.form(http.StatusOK, http.Header{}, v, negotiate(v, a.r.Header["Accept"], a.ru.compat))
}

const octets = "application/octet-stream"

// nothing answers for a function without an answer: 204 (TR-119), in 1.x 200
// (TR-274).
func (a *answer) nothing() error {
	if !a.ru.ok {
		return a.text(http.StatusNoContent, http.Header{}, "")
	}
	fields := http.Header{}
	setType(fields, "")
	return a.text(http.StatusOK, fields, "")
}

// commit puts fields on the response and starts it.
func (a *answer) commit(status int, fields http.Header) {
	a.merge(fields)
	a.status = status
	a.w.WriteHeader(status)
}

// merge puts fields on the response, but for those that stay the host's.
func (a *answer) merge(fields http.Header) {
	h := a.w.Header()
	for name, values := range fields {
		switch {
		case hostOwned(name) && len(h[name]) > 0:
			a.ru.dropped(a.r.Context(), name)
		case name == "Vary":
			h[name] = append(h[name], values...)
		default:
			h[name] = values
		}
	}
}

// hostOwned says which fields a function's Response cannot override.
func hostOwned(name string) bool {
	return name == "Strict-Transport-Security" || strings.HasPrefix(name, "Access-Control-Allow-")
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// start starts an answer whose body has n bytes, and reports whether they are to
// be written. A status that has no body gets none.
func (a *answer) start(status int, fields http.Header, n int) bool {
	if !bodyAllowed(status) {
		delete(fields, "Content-Length")
		a.commit(status, fields)
		return false
	}
	fields["Content-Length"] = []string{strconv.Itoa(n)}
	a.commit(status, fields)
	return n > 0 && a.r.Method != http.MethodHead
}

// text answers with a text. That the caller has left is no error.
func (a *answer) text(status int, fields http.Header, body string) error {
	if a.odd(status, fields) {
		if done, err := a.exact(status, fields, body, false); done {
			return err
		}
	}
	if a.start(status, fields, len(body)) {
		_, _ = io.WriteString(a.w, body)
	}
	return nil
}

// bytes answers with bytes. That the caller has left is no error.
func (a *answer) bytes(status int, fields http.Header, body []byte) error {
	if a.odd(status, fields) {
		if done, err := a.exact(status, fields, string(body), true); done {
			return err
		}
	}
	if a.start(status, fields, len(body)) {
		_, _ = a.w.Write(body)
	}
	return nil
}

// stream answers with what a reader gives. An error of the reader cuts the
// connection, so that the caller cannot take a part for the whole.
func (a *answer) stream(status int, fields http.Header, body io.Reader) error {
	if !bodyAllowed(status) || a.ru.compat && (status > 999 || status == http.StatusResetContent) {
		return a.text(status, fields, "")
	}
	sized, known := body.(interface{ Len() int })
	if known {
		fields["Content-Length"] = []string{strconv.Itoa(sized.Len())}
	}
	a.commit(status, fields)
	if a.r.Method == http.MethodHead {
		return nil
	}
	var err error
	if len(fields["Content-Length"]) > 0 {
		_, err = io.Copy(a.w, body)
	} else {
		err = copyFlushing(a.w, body)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// copyFlushing passes on each piece as soon as the reader has it.
func copyFlushing(w http.ResponseWriter, body io.Reader) error {
	rc := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return werr
			}
			if ferr := rc.Flush(); ferr != nil && !errors.Is(ferr, http.ErrNotSupported) {
				return ferr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// isNil reports whether v is nil or a nil pointer. A nil slice or map is a value:
// an empty one.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}
