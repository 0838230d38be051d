package trigger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// errFraming is what a function answered with a length or a coding that its
// body, or its status, cannot have.
var errFraming = errors.New("trigger: response: the function's own framing does not fit its answer")

// odd reports whether exact is to have a look at an answer.
func (a *answer) odd(status int, fields http.Header) bool {
	return a.ru.compat && (status < 200 || status > 999 || bareStatus(status) || len(fields["Content-Length"]) > 0 || a.coded(fields))
}

// bareStatus reports whether the reference's server sends no body with a status.
func bareStatus(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// coded reports whether the function chose a coding for its message. HTTP/2 has
// none, and both servers drop the field there.
func (a *answer) coded(fields http.Header) bool {
	return a.r.ProtoMajor < 2 && len(fields["Transfer-Encoding"])+len(a.w.Header()["Transfer-Encoding"]) > 0
}

// exact answers as the reference's server does where net/http would send
// something else than the function asked for (HttpProtocol.cs). It reports false
// if there is no difference, and has answered nothing then. announced says that
// the length of the body is known before the answer starts, as with bytes; texts
// and JSON go out as they are written there.
//
//   - A status below 200 or above 999 is sent as it is. net/http has no way to,
//     so the connection is taken over, which HTTP/1 allows.
//   - 204, 205 and 304 have no body. If its length is announced all the same, 204,
//     205 and interim statuses break off: 500 with that length and no body.
//   - A Content-Length of the function's is heeded. If the text is longer nothing
//     of it is sent, and in both cases the connection is cut.
//   - A Transfer-Encoding of the function's is heeded too, and nothing is encoded.
//   - 304 keeps its Content-Type.
func (a *answer) exact(status int, fields http.Header, body string, announced bool) (done bool, err error) {
	head := a.r.Method == http.MethodHead
	bare := bareStatus(status)
	interim := status >= 100 && status < 200
	n := int64(-1)
	if own := fields["Content-Length"]; len(own) > 0 {
		if n, err = strconv.ParseInt(strings.TrimSpace(own[0]), 10, 64); err != nil || n < 0 {
			return true, fmt.Errorf("trigger: response: Content-Length %q: no length", own[0])
		}
	}
	if announced {
		n = int64(len(body))
	}
	coded := a.coded(fields)
	switch {
	case coded && (bare || head):
		return true, a.takeOver(http.StatusInternalServerError, fields, "", -1)
	case coded:
		return true, a.takeOver(status, fields, body, n)
	case n > 0 && (interim || status == http.StatusNoContent || status == http.StatusResetContent):
		a.cut(http.StatusInternalServerError, fields, "", n)
	case status < 200 || status > 999:
		return true, a.takeOver(status, fields, body, n)
	case bare:
		a.bare(status, fields)
		return true, nil
	case head && n >= 0:
		fields["Content-Length"] = []string{strconv.FormatInt(n, 10)}
		a.commit(status, fields)
		return true, nil
	case n >= 0 && n < int64(len(body)):
		a.cut(status, fields, "", n)
	case n > int64(len(body)):
		a.cut(status, fields, body, n)
	}
	return false, nil
}

// bare answers with a status that has no body.
func (a *answer) bare(status int, fields http.Header) {
	delete(fields, "Content-Length")
	if ctype := fields["Content-Type"]; status == http.StatusNotModified && len(ctype) > 0 {
		// net/http takes the type out of a 304, by its canonical name.
		delete(fields, "Content-Type")
		fields["content-type"] = ctype
	}
	if status == http.StatusResetContent {
		fields["Content-Length"] = []string{"0"}
	}
	a.commit(status, fields)
}

// cut announces n bytes, sends those of body, and cuts the connection.
func (a *answer) cut(status int, fields http.Header, body string, n int64) {
	fields["Content-Length"] = []string{strconv.FormatInt(n, 10)}
	a.commit(status, fields)
	if a.r.Method != http.MethodHead {
		_, _ = io.WriteString(a.w, body)
	}
	_ = http.NewResponseController(a.w).Flush() // where it cannot, cutting is all that is left
	a.inv.returned(status, errFraming)
	panic(http.ErrAbortHandler)
}

// drainMost is how much of a request's body is read before its connection is
// closed, so that the answer is not lost in a reset; net/http reads as much.
const drainMost = 256 << 10

// takeOver writes an answer itself and closes the connection. n is the length to
// announce, -1 for none. An error means that nothing is written: the connection
// cannot be had, as on HTTP/2.
func (a *answer) takeOver(status int, fields http.Header, body string, n int64) error {
	if a.r.Body != nil && a.r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, a.r.Body, drainMost)
	}
	conn, rw, err := http.NewResponseController(a.w).Hijack()
	if err != nil {
		return fmt.Errorf("trigger: response: %d: no status of an answer here: %w", status, err)
	}
	defer conn.Close()
	a.status = status
	a.merge(fields)
	a.limitWrite(conn)
	_ = a.writeRaw(rw.Writer, status, body, n) // that the caller has left is no error
	return nil
}

// limitWrite bounds the time to write by the server's own bound.
func (a *answer) limitWrite(conn net.Conn) {
	if s, ok := a.r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.WriteTimeout > 0 {
		_ = conn.SetWriteDeadline(time.Now().Add(s.WriteTimeout))
	}
}

func (a *answer) writeRaw(w *bufio.Writer, status int, body string, n int64) error {
	h := a.w.Header().Clone()
	h.Set("Connection", "close")
	if h.Get("Date") == "" {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	delete(h, "Content-Length")
	coded := h.Get("Transfer-Encoding") != ""
	chunked := false
	switch {
	case n == 0 && status >= 100 && status < 200: // these have no length, not even 0
	case n >= 0:
		h.Set("Content-Length", strconv.FormatInt(n, 10))
	case !coded && a.r.ProtoAtLeast(1, 1):
		chunked = true
		h.Set("Transfer-Encoding", "chunked")
	}
	fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	if err := h.Write(w); err != nil {
		return err
	}
	_, _ = w.WriteString("\r\n")
	switch {
	case a.r.Method == http.MethodHead:
	case chunked && body != "":
		fmt.Fprintf(w, "%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	case chunked:
		_, _ = w.WriteString("0\r\n\r\n")
	default:
		_, _ = w.WriteString(body)
	}
	return w.Flush()
}
