package trigger

import (
	"net/http"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/webhook"
)

// A Function is one function of a host that is written in Go rather than read
// from files.
type Function struct {
	// Name is a letter and up to 127 letters, digits, '-' and '_', not "host".
	// Case does not matter.
	Name string

	// Route is the route template below the prefix; "" is the name.
	Route string

	// Methods are the verbs that the function takes, case ignored; nil for any.
	// In Default a function that takes GET takes HEAD.
	Methods []string

	// Level is the key that callers need. The zero Level is keys.Function.
	Level keys.Level

	// Handler is the function. A plain handler that writes nothing answers 200
	// with no body, as net/http does; Func and JSON make handlers that answer
	// 204 for a function that has nothing to say.
	Handler http.Handler

	// WebHook, if not nil, makes the function a receiver of webhooks: the
	// delivery is verified before Handler runs, and the Level does not matter,
	// for the signature takes the key's place.
	WebHook webhook.Verifier

	// Disabled answers 404, but to a caller with the master key.
	Disabled bool

	// Gate bounds the requests in this function, nil for no bound of its own.
	// The host's gate bounds it too.
	Gate *throttle.Gate

	// Timeout bounds one invocation; its context is cancelled then, and the
	// caller gets 500 when the function returns without an answer. 0 is the
	// app's functionTimeout, negative is no bound.
	Timeout time.Duration

	// Order breaks ties between routes of one rank: lower comes first.
	Order int
}
