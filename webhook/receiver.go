package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// DefaultReplayFor is how long a delivery is remembered where the sender does
// not repeat for longer.
const DefaultReplayFor = 24 * time.Hour

// Config says how to receive the deliveries of one sender.
type Config struct {
	// Verifier tells genuine deliveries from others: required.
	Verifier Verifier

	// Handler handles a delivery over HTTP. It sees the request as it came, with
	// the body to read again, and the delivery by FromContext. Its own answer is
	// the answer; a status of 300 or more, which senders take for a failure, a panic,
	// or a call of Retry counts as failure, so that the delivery is taken as new
	// when it comes again.
	Handler http.Handler
	// Handle handles a delivery without HTTP. An error is answered with its
	// StatusCode, or 500, and counts as failure. The delivery is the handler's to
	// keep, unless Lend says otherwise. At most one of Handler and Handle is set; Wrap needs neither.
	Handle func(ctx context.Context, d Delivery) error
	// Pool, if not nil, runs Handle after the sender has got its answer.
	Pool *Pool

	// MaxBody is the largest body allowed, in bytes and inclusive; a larger one is
	// refused with status 413, before it is read if its length is declared. Zero
	// is what the sender is known to need (GitHub: 25 MiB), else DefaultMaxBody.
	MaxBody int64

	// Lend, if positive, lends the handler the body instead of giving it away:
	// Delivery.Body, Delivery.Payload and the body of the request are good until
	// the handler returns, or its job of the Pool ends. After that the memory
	// holds other deliveries, and so what is to last longer has to be copied.
	// Lend is how many bytes of memory are kept for the next bodies, inclusive;
	// at least MaxBody serves bodies of any size. It is for receivers of many
	// large bodies. Zero gives every delivery memory of its own.
	Lend int64

	// Replay remembers what was handled. Nil is a Memory of this receiver's own.
	Replay ReplayMemory
	// ReplayMode says what is remembered; the zero value is RememberSignature.
	ReplayMode ReplayMode
	// ReplayFor is how long: zero is DefaultReplayFor, or longer where the sender
	// is known to repeat for longer. A delivery whose timestamp still passes is
	// remembered in any case.
	ReplayFor time.Duration
	// Scope keeps apart receivers that share a replay memory.
	Scope string

	// Origin tells how the sender called us: "https" and the public host. Nil
	// takes the connection's word, which is wrong behind a proxy. Verifiers that
	// sign the URL, and those that insist on https, look at it.
	Origin func(r *http.Request) (scheme, host string)
	// Status, if not nil, may choose another status than the usual one for a
	// refusal; 0 leaves it. Some senders give up after a 401 or disable the hook.
	Status func(reason Reason) int
	// Observe, if not nil, is called once for every request, when it is decided
	// what becomes of it and before a handler runs.
	Observe func(ctx context.Context, o Outcome)
	// Logger gets a line per refusal, with its reason; nil is silent.
	Logger *slog.Logger
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	// Compat runs a delivery as often as it comes, as Functions 1.x does.
	Compat bool
}

// Format writes the kind of the verifier, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "receiver by %T", c.Verifier) }

// Outcome is what became of a request.
type Outcome struct {
	Sender string
	Reason Reason // OK if the handler is to run
	Status int    // of a refusal or a reply; 0 if the handler is to answer
	Event  string
	ID     string
	Secret Match         // for genuine requests
	Age    time.Duration // between the signed timestamp and now, 0 if there is none
}

// Receiver is an http.Handler for the deliveries of one sender: it lets through
// what is genuine, fresh and new. It is made by NewReceiver and may be used
// concurrently; the zero Receiver refuses everything with status 500.
type Receiver struct {
	c        Config
	replay   ReplayMemory
	messages sync.Pool
	shelf    *shelf // nil if bodies are given away
}

// Format writes the kind of the verifier.
func (rc *Receiver) Format(f fmt.State, _ rune) {
	if rc == nil {
		fmt.Fprint(f, "no receiver")
		return
	}
	rc.c.Format(f, 'v')
}

// NewReceiver checks the whole configuration and reports every mistake. Without
// a usable secret there is no receiver.
func NewReceiver(c Config) (*Receiver, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("webhook: "+format, args...)) }
	if c.Verifier == nil {
		bad("Config.Verifier: missing")
	} else if checker, ok := c.Verifier.(Checker); ok {
		if err := checker.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	if c.Handler != nil && c.Handle != nil {
		bad("Config.Handler and Config.Handle: only one of them can answer")
	}
	if c.Pool != nil && c.Handle == nil {
		bad("Config.Pool: needs Config.Handle, a Handler's answer cannot wait")
	}
	if c.MaxBody < 0 {
		bad("Config.MaxBody: %d: a body without limit is not offered", c.MaxBody)
	}
	if c.Lend < 0 {
		bad("Config.Lend: %d: negative", c.Lend)
	}
	if c.ReplayMode < RememberSignature || c.ReplayMode > InsecureRememberNothing {
		bad("Config.ReplayMode: %d: no such mode", c.ReplayMode)
	}
	if c.ReplayFor < 0 {
		bad("Config.ReplayFor: %v: negative", c.ReplayFor)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if sized, ok := c.Verifier.(interface{ MaxBody() int64 }); ok && c.MaxBody == 0 {
		c.MaxBody = sized.MaxBody()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Compat {
		c.ReplayMode = InsecureRememberNothing
	}
	replay := c.Replay
	if replay == nil {
		replay = &Memory{Now: c.Now}
	}
	rc := &Receiver{c: c, replay: replay}
	rc.messages.New = func() any { return new(Message) }
	if c.Lend > 0 {
		rc.shelf = &shelf{limit: c.Lend}
	}
	return rc, nil
}

// Check tells whether r is a genuine delivery, and what it says. It reads the
// body, under the limit, and puts a reader of the same bytes in its place. It
// neither looks at the replay memory nor answers; a Reply in the delivery is
// what to answer with. The body is the caller's to keep, whatever Config.Lend.
func (rc *Receiver) Check(r *http.Request) (Delivery, error) {
	p, err := rc.examine(r, nil)
	if err != nil {
		return Delivery{}, err
	}
	return p.delivery, nil
}

// examine is Check with memory for the body, if l is not nil.
func (rc *Receiver) examine(r *http.Request, l *loan) (*received, error) {
	if rc.c.Verifier == nil {
		return nil, &SignatureError{Sender: "receiver", Reason: Misconfigured}
	}
	m := rc.messages.Get().(*Message)
	rc.fill(m, r)
	m.loan = l
	p, err := rc.check(r, m)
	*m = Message{}
	rc.messages.Put(m)
	return p, err
}

func (rc *Receiver) check(r *http.Request, m *Message) (*received, error) {
	d, err := rc.c.Verifier.Verify(r.Context(), m)
	if err != nil {
		return nil, named("verifier", err)
	}
	p := newReceived(d) // and not earlier: a stranger is worth no memory
	if m.loan != nil {
		m.loan.body = d.Body
		r.Body = m.loan
	} else {
		p.reader.Reset(d.Body)
		r.Body = body{&p.reader}
	}
	r.ContentLength = int64(len(d.Body))
	reader, ok := rc.c.Verifier.(Interpreter)
	if d.Reply != nil || !ok {
		return p, nil
	}
	if err := reader.Interpret(m, &p.delivery); err != nil {
		return nil, named(d.Sender, err)
	}
	return p, nil
}

// body gives the handler the bytes again.
type body struct{ *bytes.Reader }

func (body) Close() error { return nil }

// fill makes the message of a request.
func (rc *Receiver) fill(m *Message, r *http.Request) {
	*m = Message{
		Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header,
		Peer: r.RemoteAddr, Time: rc.c.Now(), MaxBody: rc.c.MaxBody, Scheme: "http",
	}
	if r.TLS != nil {
		m.Scheme = "https"
	}
	if rc.c.Origin != nil {
		m.Scheme, m.Host = rc.c.Origin(r)
	}
	if m.Target == "" || m.Target[0] != '/' { // made by a test or a client, or in absolute form
		m.Target = r.URL.RequestURI()
	}
	if r.Body != nil && r.Body != http.NoBody {
		m.Stream, m.Length = r.Body, r.ContentLength
	}
}

// ServeHTTP receives a delivery for Config.Handler or Config.Handle.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rc.serve(w, r, rc.c.Handler, true)
}

// Wrap returns a handler that lets the receiver's deliveries through to next,
// which gets the very ResponseWriter that came in. So what status it answers
// with is not seen: next says by Retry that it failed, or panics.
func (rc *Receiver) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rc.serve(w, r, next, false) })
}

func (rc *Receiver) serve(w http.ResponseWriter, r *http.Request, next http.Handler, look bool) {
	var l *loan
	if rc.shelf != nil {
		l = &loan{shelf: rc.shelf}
	}
	p, err := rc.examine(r, l)
	if err != nil {
		rc.refuse(w, r, err)
		l.end()
		return
	}
	if !rc.deliver(w, r, p, l, next, look) {
		l.end() // but not after a panic: who knows what still reads there
	}
}

// deliver does what there is to do with a genuine delivery. It tells whether
// that goes on when it returns.
func (rc *Receiver) deliver(w http.ResponseWriter, r *http.Request, p *received, l *loan, next http.Handler, look bool) bool {
	d := &p.delivery
	if d.Reply != nil {
		rc.reply(w, r, d)
		return false
	}
	claim := claim{rc: rc, keys: replayKeys(p.keys[:0], rc.c.ReplayMode, rc.c.Scope, d), ttl: rc.remember(d)}
	switch state, err := claim.reserve(r.Context()); {
	case err != nil:
		rc.refuse(w, r, named(d.Sender, err))
	case state == ReplayDone:
		rc.observe(r, d, Duplicate, http.StatusOK)
		answer(w, http.StatusOK)
	case state == ReplayPending:
		rc.refuse(w, r, &SignatureError{Sender: d.Sender, Reason: DeliveryPending, Retry: time.Second})
	case next != nil:
		rc.pass(w, r, p, claim, next, look)
	case rc.c.Pool != nil:
		return rc.enqueue(w, r, p, l, claim)
	default:
		rc.handle(w, r, d, claim)
	}
	return false
}

// remember returns how long a delivery is kept in mind.
func (rc *Receiver) remember(d *Delivery) time.Duration {
	if rc.c.ReplayFor > 0 {
		return max(rc.c.ReplayFor, d.fresh)
	}
	return max(DefaultReplayFor, d.RetryFor, d.fresh)
}

// handle runs a handler without HTTP and answers for it.
func (rc *Receiver) handle(w http.ResponseWriter, r *http.Request, d *Delivery, c claim) {
	done := false
	defer func() { c.settle(r.Context(), done) }()
	rc.observe(r, d, OK, 0)
	if rc.c.Handle != nil {
		if err := rc.c.Handle(r.Context(), *d); err != nil {
			rc.failed(w, r, d, err)
			return
		}
	}
	done = true
	answer(w, d.Success)
}

func (rc *Receiver) failed(w http.ResponseWriter, r *http.Request, d *Delivery, err error) {
	status := refuse.Status(err)
	rc.log(r.Context(), slog.LevelError, d.Sender, HandlerFailed, status, err)
	refuse.Error(w, err)
}

// claim is a place in the replay memory, for as long as a handler runs.
type claim struct {
	rc   *Receiver
	keys []ReplayKey
	ttl  time.Duration
}

func (c claim) reserve(ctx context.Context) (ReplayState, error) {
	if len(c.keys) == 0 {
		return ReplayNew, nil
	}
	state, err := c.rc.replay.Reserve(ctx, c.keys, c.ttl)
	if err != nil {
		var refused *SignatureError
		if errors.As(err, &refused) {
			return state, refused
		}
		return state, &SignatureError{Reason: ReplayUnavailable, Retry: time.Second, Err: err}
	}
	return state, nil
}

// settle commits the claim or gives it up, even if the client is gone.
func (c claim) settle(ctx context.Context, success bool) {
	if len(c.keys) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	if success {
		err = c.rc.replay.Commit(ctx, c.keys, c.ttl)
	} else {
		err = c.rc.replay.Release(ctx, c.keys)
	}
	if err != nil {
		c.rc.log(ctx, slog.LevelError, "replay", ReplayUnavailable, 0, err)
	}
}

// Forget makes the receiver take d as new when it comes again: for redelivery
// on purpose, which keeps id and signature. It is meant for a delivery whose handler
// is done: one that is being handled could run a second time beside itself. The
// error is the replay memory's.
func (rc *Receiver) Forget(ctx context.Context, d Delivery) error {
	var buf [2]ReplayKey
	keys := replayKeys(buf[:0], rc.c.ReplayMode, rc.c.Scope, &d)
	if len(keys) == 0 || rc.replay == nil {
		return nil
	}
	return rc.replay.Release(ctx, keys)
}

func (rc *Receiver) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := err.(*SignatureError)
	if !ok && !errors.As(err, &e) {
		e = &SignatureError{Sender: "receiver", Reason: VerificationFailed, Err: err}
	}
	status := e.StatusCode()
	if rc.c.Status != nil {
		if other := rc.c.Status(e.Reason); other >= 400 && other <= 599 {
			status = other
		}
	}
	if rc.c.Observe != nil {
		rc.c.Observe(r.Context(), Outcome{Sender: e.Sender, Reason: e.Reason, Status: status})
	}
	level := slog.LevelWarn
	if status >= 500 {
		level = slog.LevelError
	}
	rc.log(r.Context(), level, e.Sender, e.Reason, status, err)
	if e.Allow != "" {
		w.Header().Set("Allow", e.Allow)
	}
	if status != e.StatusCode() {
		e = &SignatureError{Sender: e.Sender, Reason: e.Reason, Status: status, Retry: e.Retry}
	}
	refuse.Error(w, e)
}

func (rc *Receiver) log(ctx context.Context, level slog.Level, sender string, reason Reason, status int, err error) {
	if rc.c.Logger == nil {
		return
	}
	rc.c.Logger.LogAttrs(ctx, level, "webhook", slog.String("sender", sender),
		slog.String("reason", string(reason)), slog.Int("status", status), slog.Any("error", err))
}

func (rc *Receiver) observe(r *http.Request, d *Delivery, reason Reason, status int) {
	if rc.c.Observe == nil {
		return
	}
	o := Outcome{Sender: d.Sender, Reason: reason, Status: status, Event: d.Event, ID: d.ID, Secret: d.Secret}
	if !d.SignedAt.IsZero() {
		o.Age = rc.c.Now().Sub(d.SignedAt)
	}
	rc.c.Observe(r.Context(), o)
}

// reply answers a handshake or a test message.
func (rc *Receiver) reply(w http.ResponseWriter, r *http.Request, d *Delivery) {
	status := d.Reply.Status
	if status == 0 {
		status = http.StatusOK
	}
	rc.observe(r, d, d.Reply.Reason, status)
	for name, values := range d.Reply.Header {
		w.Header()[name] = values
	}
	if len(d.Reply.Body) == 0 {
		answer(w, status)
		return
	}
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(d.Reply.Body))
}

// answer writes a status and no body; 0 is 200.
func answer(w http.ResponseWriter, status int) {
	if status == 0 {
		status = http.StatusOK
	}
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", "0")
	}
	w.WriteHeader(status)
}
