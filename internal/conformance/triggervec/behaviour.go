package triggervec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/customprovider"
)

// A sight is what a function saw of a request.
type sight struct {
	function  string
	header    http.Header
	query     url.Values
	inv       *trigger.Invocation
	body      []byte
	bound     any
	bindErr   error
	returned  chan struct{} // closed when the function has returned
	cancelled bool          // its context had ended by then
}

// see keeps what a function sees.
func (s *stage) see(name string, r *http.Request) *sight {
	g := &sight{function: name, header: r.Header.Clone(), query: r.URL.Query(), returned: make(chan struct{})}
	g.inv, _ = trigger.FromContext(r.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sight = g
	return g
}

func (s *stage) seen() *sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sight
}

type run = func(ctx context.Context, r *trigger.Request, g *sight) (any, error)

// handler makes the function of a vector. Where the library cannot have such a
// function it says why not.
func (s *stage) handler(f *function) (h http.Handler, missing string) {
	if s.inProgram(f) {
		return s.program(f)
	}
	run, missing := s.behaviour(f.Behaviour)
	if missing != "" {
		return nil, missing
	}
	return trigger.Func(func(ctx context.Context, r *trigger.Request) (any, error) {
		g := s.see(f.Name, r.Request)
		defer close(g.returned)
		v, err := run(ctx, r, g)
		g.cancelled = ctx.Err() != nil
		return v, err
	}), ""
}

func (s *stage) behaviour(b map[string]json.RawMessage) (run, string) {
	has := func(name string) bool { return b[name] != nil }
	switch {
	case has("response"):
		return response(b["response"])
	case has("inproc"):
		return inproc(b["inproc"])
	case has("nothing"):
		return func(context.Context, *trigger.Request, *sight) (any, error) { return nil, nil }, ""
	case has("throw"):
		return func(context.Context, *trigger.Request, *sight) (any, error) {
			return nil, errors.New(string(b["throw"]))
		}, ""
	case has("throwHttp"):
		return func(context.Context, *trigger.Request, *sight) (any, error) {
			status, _ := strconv.Atoi(string(b["throwHttp"]))
			return nil, statusError(status)
		}, ""
	case has("hello"):
		return hello, ""
	case has("helloQueryOrBody"):
		return helloQueryOrBody, ""
	case has("gate"):
		return s.wait, ""
	case has("readBody"):
		return func(_ context.Context, r *trigger.Request, _ *sight) (any, error) {
			_, err := io.Copy(io.Discard, r.Body)
			return &trigger.Response{Status: 200}, err
		}, ""
	case has("sleepMs"):
		return func(ctx context.Context, _ *trigger.Request, _ *sight) (any, error) {
			ms, _ := strconv.Atoi(string(b["sleepMs"]))
			select {
			case <-time.After(time.Duration(ms) * time.Millisecond):
			case <-ctx.Done():
			}
			return "done", nil
		}, ""
	case has("echo"):
		return s.echo(b)
	case has("value"):
		return func(context.Context, *trigger.Request, *sight) (any, error) { return script(b["value"]) }, ""
	case has("customProvider"):
		return s.provider()
	case len(b) == 0:
		return func(context.Context, *trigger.Request, *sight) (any, error) { return "ok", nil }, ""
	}
	return nil, fmt.Sprintf("behaviour %v", b)
}

type statusError int

func (e statusError) Error() string   { return "status " + strconv.Itoa(int(e)) }
func (e statusError) StatusCode() int { return int(e) }

func text(status int, body string) *trigger.Response {
	return &trigger.Response{Status: status, Body: body, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}
}

func hello(_ context.Context, r *trigger.Request, _ *sight) (any, error) {
	if names := r.URL.Query()["name"]; len(names) > 0 {
		return text(200, "Hello "+strings.Join(names, ",")), nil
	}
	return text(400, "Please pass a name on the query string"), nil
}

func helloQueryOrBody(_ context.Context, r *trigger.Request, _ *sight) (any, error) {
	var in struct{ Name string }
	if err := r.Bind(&in); err != nil {
		return nil, err
	}
	if in.Name == "" {
		return text(400, "Please pass a name on the query string or in the request body"), nil
	}
	return text(200, "Hello "+in.Name), nil
}

// echo is a function that reports a part of what it saw.
func (s *stage) echo(b map[string]json.RawMessage) (run, string) {
	var part string
	if err := json.Unmarshal(b["echo"], &part); err != nil {
		return nil, err.Error()
	}
	var bind reflect.Type
	switch part {
	case "params", "identities", "headers", "query", "method", "url", "path":
	case "bindingData": // without a program only where the route's values are asked for
	case "body":
		return func(_ context.Context, r *trigger.Request, g *sight) (any, error) {
			var err error
			g.body, err = io.ReadAll(r.Body)
			return "ok", err
		}, ""
	case "poco":
		var types map[string]string
		if err := json.Unmarshal(b["poco"], &types); err != nil {
			return nil, err.Error()
		}
		var missing string
		if bind, missing = structOf(types); missing != "" {
			return nil, missing
		}
	case "parameter":
		var kind string
		_ = json.Unmarshal(b["type"], &kind)
		var x expectation
		if err := decode(s.vector.Expect, &x); err != nil {
			return nil, err.Error()
		}
		if asText(kind) && (kind != "dynamic" || len(x.Parameter) > 0 && x.Parameter[0] == '"') {
			return func(_ context.Context, r *trigger.Request, g *sight) (any, error) {
				var err error
				g.body, err = io.ReadAll(r.Body)
				return "ok", err
			}, ""
		}
		if kind != "dynamic" {
			return nil, "a parameter of type " + string(b["type"])
		}
		var members map[string]any
		if err := json.Unmarshal(x.Parameter, &members); err != nil {
			return nil, "parameter: " + err.Error()
		}
		kinds := map[string]string{}
		for name, value := range members {
			kinds[name] = map[bool]string{true: "string", false: "double"}[reflect.TypeOf(value).Kind() == reflect.String]
		}
		var missing string
		if bind, missing = structOf(kinds); missing != "" {
			return nil, missing
		}
	default:
		return nil, "echo of " + part
	}
	return func(_ context.Context, r *trigger.Request, g *sight) (any, error) {
		if bind != nil {
			v := reflect.New(bind)
			if err := r.Bind(v.Interface()); err != nil {
				g.bindErr = err
				return nil, err
			}
			g.bound = v.Elem().Interface()
		}
		return "ok", nil
	}, ""
}

// asText reports whether a parameter of a type gets the body as it is, which a
// function here reads.
func asText(kind string) bool {
	switch strings.ToLower(kind) {
	case "string", "byte[]", "bytes", "stream", "textreader", "dynamic", "object":
		return true
	}
	return false
}

// region stands for an enumeration.
type region int

// types are those of a POCO's members by the names that vectors give them.
var types = map[string]reflect.Type{
	"string":   reflect.TypeFor[*string](),
	"int":      reflect.TypeFor[int32](),
	"int?":     reflect.TypeFor[*int32](),
	"bool":     reflect.TypeFor[bool](),
	"double":   reflect.TypeFor[float64](),
	"decimal":  reflect.TypeFor[float64](),
	"guid":     reflect.TypeFor[uuid.UUID](),
	"datetime": reflect.TypeFor[time.Time](),
	"timespan": reflect.TypeFor[time.Duration](),
	"enum":     reflect.TypeFor[region](),
	"int[]":    reflect.TypeFor[[]int32](),
	"string[]": reflect.TypeFor[[]string](),
}

func structOf(members map[string]string) (reflect.Type, string) {
	var fields []reflect.StructField
	for name, kind := range members {
		kind, readonly := strings.CutPrefix(kind, "readonly ")
		t, ok := types[kind]
		if !ok {
			return nil, "member of type " + kind
		}
		f := reflect.StructField{Name: strings.ToUpper(name[:1]) + name[1:], Type: t}
		if readonly {
			f.Tag = `json:"-" bind:"-"`
		}
		fields = append(fields, f)
	}
	return reflect.StructOf(fields), ""
}

// provider is the custom resource provider, with the rows of the vector.
func (s *stage) provider() (run, string) {
	var rows []row
	if err := decode(s.vector.Config.Table, &rows); err != nil {
		return nil, "table: " + err.Error()
	}
	s.table = &customprovider.Memory{}
	for _, r := range rows {
		_, _ = s.table.Put(context.Background(), r.key(), []byte(r.Data), customprovider.Condition{}) // Memory has no errors
	}
	h := &customprovider.Handler{Store: s.table}
	return func(context.Context, *trigger.Request, *sight) (any, error) { return h, nil }, ""
}

// A row is one of the provider's table. Keys ignore case.
type row struct{ PartitionKey, RowKey, Data string }

func (r row) key() customprovider.Key {
	return customprovider.Key{Partition: strings.ToLower(r.PartitionKey), Row: strings.ToLower(r.RowKey)}
}

// kept compares the rows that are left.
func (s *stage) kept(want json.RawMessage) []string {
	if want == nil {
		return nil
	}
	var rows []row
	if err := decode(want, &rows); err != nil || s.table == nil {
		return []string{fmt.Sprintf("table: %v", err)}
	}
	var diffs []string
	partitions := map[string]int{}
	var before []row
	_ = json.Unmarshal(s.vector.Config.Table, &before)
	for _, r := range append(rows, before...) {
		partitions[r.key().Partition] += 0
	}
	for _, r := range rows {
		partitions[r.key().Partition]++
		if got, err := s.table.Get(context.Background(), r.key()); err != nil || !sameJSON(got.JSON, []byte(r.Data)) {
			diffs = append(diffs, fmt.Sprintf("table: %s %s: got %s (%v), want %s", r.PartitionKey, r.RowKey, got.JSON, err, r.Data))
		}
	}
	for partition, n := range partitions {
		have := 0
		for range s.table.List(context.Background(), partition, "", "") {
			have++
		}
		if have != n {
			diffs = append(diffs, fmt.Sprintf("table: %s has %d rows, want %d", partition, have, n))
		}
	}
	return diffs
}
