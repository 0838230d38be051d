package webhook

import (
	"io"
	"net/http"
)

// A watch notes the status that a handler answers with: a delivery that ended
// in failure has to be forgotten, or the sender's retry would be taken for a
// duplicate and be lost. net/http has no other way to learn it.
//
// This is the one place in the house that stands between a handler and its
// ResponseWriter (but for soapAnswer, of one sender in Compat): only for
// Config.Handler, where the receiver is the end of the line, and only if the
// delivery is remembered; Wrap hands the writer on as it came. It changes nothing
// on the way, unwraps for http.ResponseController, and shows the same optional
// interfaces as what it stands before.
type watch struct {
	http.ResponseWriter
	status int
}

// Unwrap serves http.ResponseController.
func (w *watch) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watch) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watch) wrote() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

func (w *watch) Write(p []byte) (int, error) {
	w.wrote()
	return w.ResponseWriter.Write(p)
}

// failed tells whether the sender takes the answer for a failure and may come again:
// every status but those from 200 to 299, also a redirect, and a repeat must not be told
// that all is well. A connection that was taken over did not fail.
func (w *watch) failed() bool {
	return w.status >= 300
}

// flushing is a watch before a writer that flushes: HTTP/2, test recorders.
type flushing struct{ *watch }

func (w flushing) Flush() {
	w.wrote()
	w.ResponseWriter.(http.Flusher).Flush()
}

// pushing is a watch before a writer of HTTP/2.
type pushing struct{ flushing }

func (w pushing) Push(target string, opts *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, opts)
}

// hijacking is a watch before a writer of HTTP/1. The methods of Hijacker are
// the writer's own.
type hijacking struct {
	flushing
	http.Hijacker
}

// sending is hijacking before a writer that can send a file by itself.
type sending struct {
	hijacking
}

func (w sending) ReadFrom(src io.Reader) (int64, error) {
	w.wrote()
	return w.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}

// watched puts the watch before w, with w's optional interfaces.
func watched(watch *watch, w http.ResponseWriter) http.ResponseWriter {
	watch.ResponseWriter = w
	if _, ok := w.(http.Flusher); !ok {
		return watch
	}
	f := flushing{watch}
	if _, ok := w.(http.Pusher); ok {
		return pushing{f}
	}
	h, ok := w.(http.Hijacker)
	if !ok {
		return f
	}
	if _, ok := w.(io.ReaderFrom); ok {
		return sending{hijacking{f, h}}
	}
	return hijacking{f, h}
}
