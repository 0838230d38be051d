package webhook

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
)

// received is a genuine delivery on its way to a handler, and all that goes with
// it, in one piece of memory. It is the context of the handler's request.
type received struct {
	context.Context // of the request as it came, once there is a handler
	delivery        Delivery
	failed          atomic.Bool
	reader          bytes.Reader // the body, unless it is lent
	keys            [2]ReplayKey
	watch           watch
}

func newReceived(d Delivery) *received { return &received{delivery: d} }

type contextKey struct{}

// Value gives the delivery to FromContext.
func (p *received) Value(key any) any {
	if key == (contextKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// Format keeps the delivery out of what is printed of a context.
func (p *received) Format(f fmt.State, _ rune) { fmt.Fprint(f, "webhook.Delivery in a context") }

// returned takes back a body that was lent: who held on to the delivery finds
// none rather than another's.
func (p *received) returned() { p.delivery.Body, p.delivery.Payload = nil, nil }

// FromContext returns the delivery that a Receiver let through to a handler
// over HTTP, by the context of its request. It is the handler's to keep, unless
// Config.Lend says otherwise, but not to change: the request shares its header
// and body.
func FromContext(ctx context.Context) (*Delivery, bool) {
	if p, ok := ctx.Value(contextKey{}).(*received); ok {
		return &p.delivery, true
	}
	return nil, false
}

// Retry tells the receiver that the handler of this request failed, so that the
// delivery is taken as new when the sender repeats it. It counts until the
// handler returns, and does nothing to the answer. Behind Config.Handler a
// status of 300 or more says the same.
func Retry(ctx context.Context) {
	if p, ok := ctx.Value(contextKey{}).(*received); ok {
		p.failed.Store(true)
	}
}

// pass runs an HTTP handler. A panic is not caught: the claim is given up and
// the server sees it.
func (rc *Receiver) pass(w http.ResponseWriter, r *http.Request, p *received, c claim, next http.Handler, look bool) {
	d := &p.delivery
	if d.code != "" {
		r = withoutParameter(r, d.code)
	}
	if d.soap {
		next, w = acknowledging(next, w)
	}
	if rc.shelf != nil {
		defer p.returned()
	}
	p.Context = r.Context()
	success, done := d.Success, false
	if look && (len(c.keys) > 0 || success != 0) {
		w = watched(&p.watch, w)
	}
	defer func() { c.settle(p.Context, done && !p.watch.failed() && !p.failed.Load()) }()
	rc.observe(r, d, OK, 0)
	next.ServeHTTP(w, r.WithContext(p))
	if p.watch.ResponseWriter != nil && p.watch.status == 0 && success != 0 {
		w.WriteHeader(success)
	}
	done = true
}
