package trigger

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// W3CLog writes a line in the W3C extended log format for each request, with the
// fields that App Service writes, times in UTC. Keys and signatures in the query
// are hidden, cookies too, and nothing that a stranger sends can end a line or a
// field: blanks become '+', and characters outside visible ASCII '?'.
//
// The status is '-' where a plain handler wrote the answer, and so are the sizes
// of answers: the host does not look into what handlers write.
type W3CLog struct {
	// W receives the lines, each with one Write.
	W io.Writer

	// Site is the field s-sitename, '-' if empty.
	Site string

	mu      sync.Mutex
	started bool
}

const w3cFields = "date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) " +
	"cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"

// A W3CEntry is what a line tells of a request.
type W3CEntry struct {
	Time   time.Time     // when it came
	Taken  time.Duration // until it was answered
	User   string        // the name of a signed-in user; "" is none
	Status int           // 0 is unknown
}

// Line formats the line of a request, without a line end.
func (l *W3CLog) Line(r *http.Request, e W3CEntry) string {
	at := e.Time.UTC()
	status := "-"
	if e.Status != 0 {
		status = strconv.Itoa(e.Status)
	}
	cookie := ""
	if len(r.Header["Cookie"]) > 0 {
		cookie = hidden
	}
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		client = r.RemoteAddr
	}
	bytes := "-"
	if r.ContentLength >= 0 {
		bytes = strconv.FormatInt(r.ContentLength, 10)
	}
	fields := []string{
		at.Format(time.DateOnly), at.Format(time.TimeOnly), l.Site, r.Method, r.URL.EscapedPath(), redactQuery(r.URL.RawQuery),
		localPort(r), e.User, client, r.UserAgent(), cookie, redactReferer(r.Referer()), r.Host, status, "-", "-", "-", bytes,
		strconv.FormatInt(e.Taken.Milliseconds(), 10),
	}
	for i, f := range fields {
		fields[i] = w3cText(f)
	}
	return strings.Join(fields, " ")
}

func (l *W3CLog) write(x *exchange) {
	user := ""
	if x.user != nil {
		user = x.user.Name()
	}
	now := x.site.now()
	line := l.Line(x.r, W3CEntry{Time: x.began, Taken: now.Sub(x.began), User: user, Status: x.status})
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.started = true
		line = "#Software: httptrigger\n#Version: 1.0\n#Date: " + now.UTC().Format(time.DateTime) + "\n#Fields: " + w3cFields + "\n" + line
	}
	if _, err := io.WriteString(l.W, line+"\n"); err != nil {
		x.site.Logger.ErrorContext(x.r.Context(), "Access log failed", "error", err)
	}
}

func localPort(r *http.Request) string {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return ""
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	return port
}

// w3cText makes a text fit for one field.
func w3cText(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\t':
			return '+'
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, s)
}

// redactReferer hides the secrets in the address of a page.
func redactReferer(address string) string {
	address = Redact(address)
	if path, query, ok := strings.Cut(address, "?"); ok {
		address = path + "?" + redactQuery(query)
	}
	return address
}

// redactQuery hides the values of the parameters that hold keys.
func redactQuery(query string) string {
	if query == "" {
		return query
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, ok := strings.Cut(part, "=")
		switch strings.ToLower(unescape(name)) {
		case "code", "sig", "clientid", "access_token", "token":
			if ok {
				parts[i] = name + "=" + hidden
			}
		}
	}
	return redactSpelled(strings.Join(parts, "&"))
}
