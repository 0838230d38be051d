package trigger_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
)

// zeroValues are the exported structs that have methods, as a program might declare
// them without filling them in.
var zeroValues = []any{
	&trigger.App{}, &trigger.BindError{}, &trigger.Binding{}, &trigger.ConfigError{}, &trigger.FunctionConfig{}, &trigger.FunctionFailure{},
	&trigger.Host{}, &trigger.Identity{}, &trigger.Invocation{}, &trigger.MethodError{}, &trigger.NotFoundError{}, &trigger.Principal{},
	&trigger.Response{}, &trigger.TargetError{}, &trigger.TimeoutError{}, &trigger.UnavailableError{}, &trigger.W3CLog{}, &trigger.Worker{}, &trigger.WorkerError{},
	&keys.API{}, &keys.Claim{}, &keys.CorruptError{}, &keys.DeniedError{}, &keys.Grant{}, &keys.Guard{}, &keys.Hash{}, &keys.Key{}, &keys.Manager{},
	&keys.Memory{}, &keys.Resolver{}, &keys.Scope{}, &keys.Secret{}, &keys.Set{}, &keys.Tokens{},
	&throttle.AIMD{}, &throttle.ClientAddress{}, &throttle.Connections{}, &throttle.DynamicThrottle{}, &throttle.Gate{}, &throttle.Monitor{},
	&throttle.Rate{}, &throttle.RateKey{}, &throttle.RejectedError{}, &throttle.RequestLimit{}, &throttle.Ticket{}, &throttle.Vegas{},
	&webhook.Bitbucket{}, &webhook.CloudEvents{}, &webhook.Discord{}, &webhook.DockerHub{}, &webhook.EventGrid{}, &webhook.Functions{},
	&webhook.GenericJSON{}, &webhook.GitHub{}, &webhook.GitLab{}, &webhook.HMAC{}, &webhook.Memory{}, &webhook.PagerDuty{}, &webhook.Pool{},
	&webhook.Receiver{}, &webhook.Secret{}, &webhook.Shopify{}, &webhook.SignatureError{}, &webhook.Slack{}, &webhook.Standard{}, &webhook.Stripe{},
	&webhook.Twilio{}, &webhook.Zoom{},
	&route.Compiler{}, &route.ConflictError{}, &route.ConstraintError{}, &route.Match[int]{}, &route.Refusal{}, &route.RegexpError{},
	&route.RouteError{}, &route.SyntaxError{}, &route.Table[int]{}, &route.Template{}, &route.UndecidedError{}, &route.ValueError{}, &route.Values{},
}

// TestZeroValues calls every method of every zero value, with arguments that are
// zero too where nothing better is at hand. None may panic, and none may let a
// request through to a handler.
func TestZeroValues(t *testing.T) {
	for _, v := range zeroValues {
		typ := reflect.TypeOf(v)
		for i := range typ.NumMethod() {
			method := typ.Method(i)
			if method.Name == "Format" {
				_ = fmt.Sprintf("%v %+v %#v", v, v, v)
				continue
			}
			name := fmt.Sprintf("(%s).%s", typ, method.Name)
			t.Run(name, func(t *testing.T) {
				defer func() {
					if p := recover(); p != nil && !documented[name] {
						t.Errorf("panics: %v\n%s", p, debug.Stack())
					}
				}()
				fresh := reflect.New(typ.Elem())
				out := fresh.Method(i).Call(zeroArgs(t, fresh.Method(i).Type()))
				if n := len(out); method.Name == "Verify" && n > 0 && out[n-1].IsNil() {
					t.Error("accepts a delivery")
				}
				for _, o := range out {
					if h, ok := o.Interface().(http.Handler); ok && o.Kind() != reflect.Pointer {
						serveZero(t, h)
					}
				}
			})
		}
	}
}

// documented are the panics that the documents speak of: mistakes of the program.
var documented = map[string]bool{"(*route.Values).At": true}

func serveZero(t *testing.T, h http.Handler) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/x?code=y", strings.NewReader("{}")))
}

// zeroArgs makes arguments for a function.
func zeroArgs(t *testing.T, f reflect.Type) []reflect.Value {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	known := []any{
		ended, httptest.NewRequest("POST", "/x?code=y", strings.NewReader("{}")), httptest.NewRecorder(),
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), io.Reader(strings.NewReader("{}")), io.Discard, &webhook.Delivery{}, &webhook.Message{Header: http.Header{}, Method: "POST", Target: "/x", Time: time.Now(), Body: []byte("{}")},
	}
	args := make([]reflect.Value, f.NumIn())
	for i := range args {
		in := f.In(i)
		if f.IsVariadic() && i == f.NumIn()-1 {
			return args[:i]
		}
		args[i] = reflect.Zero(in)
		if in.Kind() == reflect.Func {
			args[i] = reflect.MakeFunc(in, func([]reflect.Value) []reflect.Value {
				out := make([]reflect.Value, in.NumOut())
				for j := range out {
					out[j] = reflect.Zero(in.Out(j))
				}
				return out
			})
			continue
		}
		for _, k := range known {
			if in.Kind() == reflect.Interface && in.NumMethod() == 0 {
				break
			}
			if reflect.TypeOf(k).AssignableTo(in) {
				args[i] = reflect.ValueOf(k)
				break
			}
		}
	}
	return args
}

// TestZeroRefuses holds the doors shut that a zero value guards.
func TestZeroRefuses(t *testing.T) {
	let := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") })
	for name, h := range map[string]http.Handler{
		"Host": &trigger.Host{}, "Guard": new(keys.Guard).Wrap(let), "API": &keys.API{}, "Receiver": &webhook.Receiver{},
	} {
		r := httptest.NewRequest("POST", "/x?code=y", strings.NewReader("{}"))
		r.Header.Set(keys.Header, "k")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code < 400 || w.Body.String() == "inside" {
			t.Errorf("the zero %s answers %d, %q", name, w.Code, w.Body)
		}
	}
}
