package triggervec

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
)

// An expectation has what a vector says of the outcome. Members that no check
// reads make the vector count as not built.
type expectation struct {
	// How the app came up.
	HostStarts            *bool
	HostError             *string
	HostErrorContains     string
	FunctionLoaded        json.RawMessage
	FunctionLoadedCount   *int
	FunctionError         json.RawMessage
	FunctionErrorContains string
	HTTP                  map[string]json.RawMessage `json:"http"`
	FunctionTimeout       string
	Warning               bool
	ConfigError           bool
	FileRewritten         json.RawMessage

	// The answer.
	Status        *int
	Body          *string
	StatusOneOf   []int
	BodyOneOf     []string
	BodyContains  string
	BodyLength    *int
	BodyBase64    *string
	Headers       map[string]string
	HeadersAbsent []string
	MediaType     string
	JSON          json.RawMessage `json:"json"`
	JSONHas       []string        `json:"jsonHas"`
	JSONLacks     []string        `json:"jsonLacks"`
	JSONArrayHas  []json.RawMessage

	// What the function saw.
	FunctionRan               *bool
	RouteValues               map[string]*string
	WorkerParams              map[string]string
	WorkerHeaders             map[string]string
	WorkerBody                json.RawMessage
	BodyDelivered             bool
	BindingData               map[string]json.RawMessage
	BindingDataAbsent         []string
	BindingDataOnly           []string
	POCO                      map[string]json.RawMessage `json:"poco"`
	Parameter                 json.RawMessage
	RouteParameters           json.RawMessage
	Query                     json.RawMessage
	Expression                json.RawMessage
	DisplayText               string
	Identities                *[]identity
	FunctionSeesHeadersAbsent []string
	FunctionContextCancelled  *bool
	FunctionCompletes         *bool

	// Logs and texts.
	Redacted    *string
	Log         []logLine
	LogContains string

	// Scripts.
	Accepted, Refused, MaxExecuting *int
	Statuses                        json.RawMessage
	StartOrder                      []string
	NeverRan                        []string
	Checks                          *int
	WarningLine                     string
	Exceeded                        *[]string
	Limit                           *float64

	// Custom handlers and the resource provider.
	HandlerCalled *bool
	HandlerSaw    json.RawMessage
	Ready         *bool
	TableAfter    json.RawMessage

	Note string
}

type logLine struct {
	Event  int
	Fields map[string]any
	Has    []string
}

// answer compares the response with what is expected of it.
func (x *expectation) answer(got *wire.Response) []string {
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if x.Status != nil && got.Status != *x.Status {
		add("status: got %d, want %d", got.Status, *x.Status)
	}
	if x.StatusOneOf != nil && !contains(x.StatusOneOf, got.Status) {
		add("status: got %d, want one of %v", got.Status, x.StatusOneOf)
	}
	body := string(got.Body)
	if x.Body != nil && body != *x.Body {
		add("body: got %.300q, want %.300q", body, *x.Body)
	}
	if x.BodyOneOf != nil && !contains(x.BodyOneOf, body) {
		add("body: got %.300q, want one of %q", body, x.BodyOneOf)
	}
	if !strings.Contains(body, x.BodyContains) {
		add("body: got %.300q, want %q in it", body, x.BodyContains)
	}
	if x.BodyBase64 != nil {
		want, err := base64.StdEncoding.DecodeString(*x.BodyBase64)
		if err != nil || body != string(want) {
			add("body: got %.300q, want %.300q (%v)", body, want, err)
		}
	}
	if x.BodyLength != nil && len(body) != *x.BodyLength {
		add("body: got %d bytes, want %d", len(body), *x.BodyLength)
	}
	for name, want := range x.Headers {
		if x.RouteParameters != nil {
			break // these are the request's, as the function saw them
		}
		if have := strings.Join(got.Header.Values(name), ", "); !sameHeader(name, have, want) {
			add("%s: got %q, want %q", name, have, want)
		}
	}
	for _, name := range x.HeadersAbsent {
		if values, ok := got.Header[http.CanonicalHeaderKey(name)]; ok {
			add("%s: got %q, want none", name, values)
		}
	}
	if media, _, _ := strings.Cut(got.Header.Get("Content-Type"), ";"); x.MediaType != "" && strings.TrimSpace(media) != x.MediaType {
		add("media type: got %q, want %q", media, x.MediaType)
	}
	if x.JSON != nil {
		if d := wire.JSON(got.Body, x.JSON); d != "" {
			add("%s", d)
		}
	}
	return append(diffs, x.members(got.Body)...)
}

// sameHeader compares a header. A media type that is wanted bare is met with
// parameters too.
func sameHeader(name, got, want string) bool {
	if strings.EqualFold(name, "Content-Type") && !strings.Contains(want, ";") {
		got, _, _ = strings.Cut(got, ";")
	}
	return got == want
}

// members looks for members of a JSON answer.
func (x *expectation) members(body []byte) []string {
	var diffs []string
	if len(x.JSONHas)+len(x.JSONLacks) > 0 {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil {
			return []string{fmt.Sprintf("body is no JSON object: %.200q", body)}
		}
		for _, name := range x.JSONHas {
			if _, ok := object[name]; !ok {
				diffs = append(diffs, "JSON: no member "+name)
			}
		}
		for _, name := range x.JSONLacks {
			if _, ok := object[name]; ok {
				diffs = append(diffs, "JSON: has member "+name)
			}
		}
	}
	if x.JSONArrayHas != nil {
		var list []json.RawMessage
		if err := json.Unmarshal(body, &list); err != nil {
			return append(diffs, fmt.Sprintf("body is no JSON array: %.200q", body))
		}
		for _, want := range x.JSONArrayHas {
			if !someHas(list, want) {
				diffs = append(diffs, fmt.Sprintf("JSON: no element like %s in %.600s", want, body))
			}
		}
	}
	return diffs
}

// someHas reports whether an object of the list has the members of want.
func someHas(list []json.RawMessage, want json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(want, &members) != nil {
		return false
	}
	for _, item := range list {
		var object map[string]json.RawMessage
		if json.Unmarshal(item, &object) != nil {
			continue
		}
		all := true
		for name, value := range members {
			all = all && object[name] != nil && wire.JSON(object[name], value) == ""
		}
		if all {
			return true
		}
	}
	return false
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

var generic = regexp.MustCompile(`\s+`)

// flat folds white space, which texts of the reference differ in.
func flat(s string) string { return generic.ReplaceAllString(strings.TrimSpace(s), " ") }
