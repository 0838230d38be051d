package trigger

import (
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// An App is a function app as its files describe it: what LoadApp read.
//
// An App is plain data and not changed by anything in this package after
// LoadApp returned it; it may be shared between hosts.
type App struct {
	// Host is what host.json, the plan and the settings say together.
	Host HostConfig

	// Functions are the functions that can be served, in the order of their
	// names, case ignored.
	Functions []FunctionConfig

	// Failed are the functions that cannot be served, in the same order.
	Failed []FunctionFailure

	// Unlisted are the functions that the "functions" list of host.json
	// leaves out: not served, but still described by the admin API.
	Unlisted []FunctionConfig

	// Warnings are remarks on settings that have no effect or that will
	// surprise; most are a *ConfigError.
	Warnings []error

	// Err is why the app as a whole cannot be served, nil if it can. In Compat
	// a host can be made of such an app: it answers 503 everywhere but under
	// admin, as the reference does.
	Err error

	// Root is the folder of the app as the admin API shows it.
	Root string

	// Offline is the content of app_offline.htm in the root of the app, nil if
	// there is no such file. A host of such an app answers 503 with this page.
	Offline []byte
}

// A FunctionFailure tells why a function of an app is not served.
type FunctionFailure struct {
	// Name and Dir are the function's name and its folder in the app.
	Name string
	Dir  string

	// Err holds every mistake found, joined; in Compat it has one, with the
	// text that the reference shows under admin/functions/{name}/status.
	Err error

	// Late says that the file itself is in order and the failure came when the
	// function was set up: its route, authLevel or methods. The reference's
	// admin API goes on describing such a function.
	Late bool

	// Function is what could be read, nil if the failure is not Late.
	Function *FunctionConfig
}

// FunctionConfig is one function of an app, read from its function.json.
type FunctionConfig struct {
	// Name is the name of the folder, Dir its path in the app; the two are the
	// same for functions that LoadApp found.
	Name string
	Dir  string

	// HTTP says that the function has an httpTrigger. The fields from Route to
	// WebHookType mean something only then.
	HTTP bool

	// Route is the template below the prefix, "" if it is the Name.
	Route string

	// Methods are the verbs that the function takes, nil for any. An empty
	// list that is not nil admits none; Default never loads one.
	Methods []string

	// Level is the key that callers need.
	Level keys.Level

	// WebHookType is "genericJson", "github" or "slack" for a function that
	// takes the deliveries of a webhook, else "". The reference forgot the
	// property with runtime 2.x; Default heeds it in every app, Compat in those
	// of runtime 1.x.
	WebHookType string

	// Disabled says that a setting (in 1.x also the file) turns it off: it
	// answers 404, except to a caller with the master key.
	Disabled bool

	// Trigger and Bindings are what the function declares. Trigger is one of
	// the Bindings.
	Trigger  Binding
	Bindings []Binding

	// ScriptFile is the path of the script in the app, "" if there is none. A
	// host does not run it.
	ScriptFile string

	// EntryPoint is passed through.
	EntryPoint string

	// Text is function.json as read. JSON gives it without comments and
	// other liberties.
	Text []byte

	json []byte

	// unread says that the file has a mistake, which nobody is told of because
	// host.json leaves the function out. Only in Compat.
	unread bool
}

// JSON returns the function's function.json as plain JSON: comments, byte-order
// mark and trailing commas gone, names and order kept.
func (f *FunctionConfig) JSON() []byte { return f.json }

// Template returns the function's full route template under a prefix: prefix,
// slash and route, the route being the name if the file gives none.
func (f *FunctionConfig) Template(prefix string) string {
	r := f.Route
	if r == "" {
		r = f.Name
	}
	if prefix == "" {
		return r
	}
	return prefix + "/" + r
}

// Direction says which way the data of a binding flows.
type Direction uint8

// The directions. The zero Direction is In, as in a file that names none.
const (
	In Direction = iota
	Out
	InOut
)

// String returns the direction as function.json spells it.
func (d Direction) String() string {
	switch d {
	case In:
		return "in"
	case Out:
		return "out"
	case InOut:
		return "inout"
	}
	return "invalid"
}

// A Binding is one entry of the bindings of a function.
type Binding struct {
	// Type is the kind as written; kinds are compared ignoring case.
	Type      string
	Name      string
	Direction Direction

	// DataType is "binary", "stream", "string" or "": a hint, which changes
	// nothing here, as functions read their body as they like.
	DataType string
}

// IsTrigger reports whether the binding's type makes it a trigger.
func (b Binding) IsTrigger() bool { return hasSuffixFold(b.Type, "trigger") }

// HostConfig is the configuration of a host, from host.json, the plan and the
// settings; a later one of these wins.
type HostConfig struct {
	// Version is the version of the schema: "2.0", or "" for a file of
	// runtime 1.x.
	Version string

	HTTP HTTPConfig

	// FunctionTimeout is how long an invocation may take, 0 for no bound.
	FunctionTimeout time.Duration

	// HealthMonitor says from which load on the host counts as overloaded.
	HealthMonitor HealthMonitorConfig

	// CustomHandler is the program that runs the functions, nil if none is
	// named.
	CustomHandler *CustomHandlerConfig

	// Functions are the only functions to load, nil for all.
	Functions []string

	// Consumption says that the settings name the Consumption plan. AppService
	// says that they are those of an App Service instance.
	Consumption bool
	AppService  bool

	// MaxBody is the largest request body in bytes, the bound included:
	// 104,857,600, or what the setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT says.
	// In Compat it can be negative, and then every request fails.
	MaxBody int64

	// CORS is the cross-origin policy, nil if none is switched on.
	CORS *CORSConfig

	// DisableHomepage says that / answers 204 instead of a page.
	DisableHomepage bool

	// TrustPrincipal says that the platform's sign-in is on, so that the
	// platform vouches for X-MS-CLIENT-PRINCIPAL. Default does not believe it.
	TrustPrincipal bool

	// ForwardedProto says that the platform's front end sets DISGUISED-HOST
	// and X-Forwarded-Proto. Default does not believe it.
	ForwardedProto bool
}

// HTTPConfig is the section extensions.http of host.json, or http of a 1.x one.
type HTTPConfig struct {
	// RoutePrefix stands before every route: "api" unless set, "" for none.
	RoutePrefix string

	// MaxOutstandingRequests bounds the requests inside the host, running and
	// waiting together; MaxConcurrentRequests those that run. -1 is no bound.
	MaxOutstandingRequests int
	MaxConcurrentRequests  int

	// DynamicThrottlesEnabled refuses requests while the host is overloaded.
	DynamicThrottlesEnabled bool

	// EnableChunkedRequestBinding lets typed parameters read chunked bodies.
	EnableChunkedRequestBinding bool

	HSTS HSTSConfig

	// CustomHeaders are put on responses that do not have them yet, in order.
	CustomHeaders []Header
}

// A Header is a header field with one value.
type Header struct{ Name, Value string }

// HSTSConfig says whether and how Strict-Transport-Security is sent.
type HSTSConfig struct {
	Enabled bool

	// MaxAge is how long a client shall remember it, sent in whole seconds.
	MaxAge time.Duration

	// IncludeSubDomains and Preload add the directives of these names.
	IncludeSubDomains bool
	Preload           bool

	// ExcludedHosts never get the header, case ignored: localhost, 127.0.0.1
	// and [::1], then those of the file.
	ExcludedHosts []string
}

// HealthMonitorConfig is the section healthMonitor of host.json. A Host goes by
// CounterThreshold alone; in Compat by none of it, as in the reference the section
// does not reach the throttle. By the rest the reference restarts itself, which no
// Host does.
type HealthMonitorConfig struct {
	Enabled        bool          // true unless set
	CheckInterval  time.Duration // 10 seconds unless set
	CheckWindow    time.Duration // 2 minutes unless set
	CheckThreshold int           // failed checks in a window; 6 unless set

	// CounterThreshold is the part of its limit, above 0 and at most 1, that a
	// counter of the throttle by load may have; 0.8 unless set.
	CounterThreshold float64
}

// CustomHandlerConfig is the section customHandler (or httpWorker) of
// host.json: a program that runs the functions.
type CustomHandlerConfig struct {
	// ExecutablePath is the program, a file of the app or one that the system
	// finds by its name. Its arguments are Arguments, WorkerPath unless that is "",
	// and WorkerArguments, in this order.
	ExecutablePath  string
	WorkerPath      string
	Arguments       []string
	WorkerArguments []string

	// WorkingDirectory is where the program starts, below the folder of the app;
	// "" is that folder.
	WorkingDirectory string

	// ForwardHTTP hands the live request of an HTTP function to the program
	// instead of a description of it.
	ForwardHTTP bool
}

// CORSConfig is a cross-origin policy. Any method and header is allowed to an
// origin that is.
type CORSConfig struct {
	// AllowedOrigins are compared exactly; "*" allows all. Empty allows none.
	AllowedOrigins []string

	// Credentials lets browsers send cookies and the like.
	Credentials bool
}
