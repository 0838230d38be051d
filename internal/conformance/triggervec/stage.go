package triggervec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing/fstest"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/customprovider"
)

// A stage is a vector's app, set up in one profile.
type stage struct {
	vector *vector
	compat bool

	files    fstest.MapFS
	app      *trigger.App
	loadErr  error
	hostErr  error
	host     *trigger.Host
	server   *wire.Server
	handlers map[string]http.Handler
	log      *logRecord

	mu            sync.Mutex
	sight         *sight // of the last call of a function
	gates         map[string]*waiting
	order         []string
	running, peak int
	exceeding     []string // the counters that are high
	checks        int
	now           time.Time

	programs []*wire.Server
	called   *call // the last call of a program
	table    *customprovider.Memory

	missing string // what the library lacks for this vector

	dir    string          // the app on disk
	folder *trigger.Folder // which the admin endpoints, and LoadApp, may write
}

func (s *stage) close() {
	if s.folder != nil {
		_ = s.folder.Close()
		_ = os.RemoveAll(s.dir)
		s.folder = nil
	}
	for _, p := range s.programs {
		p.Close()
	}
	s.programs = nil
	if s.server != nil {
		s.server.Close()
	}
}

// set builds the vector's app with the library.
func set(v *vector, defaults keySet, compat bool) *stage {
	s := &stage{vector: v, compat: compat, files: fstest.MapFS{}, handlers: map[string]http.Handler{}, log: &logRecord{}, gates: map[string]*waiting{}}
	s.now = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	s.lay()
	opts := &trigger.LoadOptions{Compat: compat, Env: v.Config.Env, V1: v.Profile == "v1"}
	fsys := fs.FS(s.files)
	if v.touchesFiles() {
		if s.hostErr = s.unpack(); s.hostErr != nil {
			return s
		}
		fsys = s.folder
	}
	s.app, s.loadErr = trigger.LoadApp(fsys, opts)
	if s.app == nil || !compat && s.loadErr != nil {
		return s
	}
	for name := range s.handlers {
		if !s.has(name) {
			delete(s.handlers, name)
		}
	}
	resolver, err := storeKeys(v, defaults, compat)
	if err != nil {
		s.hostErr = err
		return s
	}
	c := trigger.Config{
		App: s.app, Handlers: s.handlers, Keys: resolver, Compat: compat, MethodNotAllowed: v.option == methodNotAllowed, LenientBinding: v.option == lenientBinding, Env: v.Config.Env,
		InsecureSkipKeys: v.Config.LocalTools, Logger: slog.New(s.log),
		ResponseTimeout: time.Duration(v.Config.GatewayTimeoutMs) * time.Millisecond,
	}
	if s.folder != nil {
		c.Files = s.folder
	}
	if v.Config.SiteHost != "" {
		c.Env = maps.Clone(c.Env)
		if c.Env == nil {
			c.Env = map[string]string{}
		}
		c.Env["WEBSITE_HOSTNAME"] = v.Config.SiteHost
	}
	for _, name := range v.Config.WebhookExtensions {
		if c.Extensions == nil {
			c.Extensions = map[string]http.Handler{}
		}
		c.Extensions[name] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	}
	if err := s.load(&c); err != nil {
		s.hostErr = err
		return s
	}
	if s.host, s.hostErr = trigger.NewHost(c); s.hostErr != nil {
		return s
	}
	if v.Config.HostState == "Offline" {
		s.host.SetOffline(true, nil)
	}
	s.server, s.hostErr = wire.NewServer(s.host)
	return s
}

// unpack writes the files of the app to a folder.
func (s *stage) unpack() error {
	var err error
	if s.dir, err = os.MkdirTemp("", "triggervec"); err != nil {
		return err
	}
	if s.folder, err = trigger.OpenFolder(s.dir); err != nil {
		return err
	}
	for name, file := range s.files {
		if !fs.ValidPath(name) {
			return fmt.Errorf("a file called %q", name)
		}
		if err := s.folder.Mkdir(path.Dir(name)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.dir, name), file.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// rewritten compares host.json as it is after the start.
func (s *stage) rewritten(want json.RawMessage) []string {
	if want == nil || s.folder == nil {
		return nil
	}
	got, err := s.folder.ReadFile("host.json")
	if err != nil || !sameJSON(got, want) {
		return []string{fmt.Sprintf("host.json: got %s (%v), want %s", got, err, want)}
	}
	return nil
}

// load puts in a throttle by load whose clock and counters the steps move.
func (s *stage) load(c *trigger.Config) error {
	if s.vector.Config.CheckIntervalMs == 0 {
		return nil
	}
	probe := throttle.ProbeFunc(func() ([]throttle.Reading, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.checks++
		var out []throttle.Reading
		for _, name := range s.exceeding {
			out = append(out, throttle.Reading{Name: name, Value: 1, Limit: 1})
		}
		return out, nil
	})
	load, err := throttle.NewDynamicThrottle(throttle.DynamicConfig{
		Probes: []throttle.Probe{probe}, Compat: s.compat, Logger: slog.New(s.log),
		Interval: time.Duration(s.vector.Config.CheckIntervalMs) * time.Millisecond,
		Now: func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.now
		},
	})
	c.Load = load
	return err
}

// exceeded says which counters of the settings are over their threshold.
func (s *stage) exceeded() ([]string, error) {
	c := throttle.DynamicConfig{
		Probes: []throttle.Probe{throttle.Counters(func() string { return s.vector.Config.Env["WEBSITE_COUNTERS_APP"] })},
		Compat: s.compat,
	}
	if !s.compat {
		c.Threshold = s.app.Host.HealthMonitor.CounterThreshold
	}
	load, err := throttle.NewDynamicThrottle(c)
	if err != nil {
		return nil, err
	}
	var rejected *throttle.RejectedError
	if errors.As(load.Check(), &rejected) {
		return rejected.Exceeded, nil
	}
	return []string{}, nil
}

// lay writes the files of the app and makes its functions.
func (s *stage) lay() {
	c := &s.vector.Config
	switch {
	case c.HostJSONRaw != nil:
		s.files["host.json"] = &fstest.MapFile{Data: []byte(*c.HostJSONRaw)}
	case len(c.HostJSON) == 0 && s.vector.Profile == "v1":
		s.files["host.json"] = &fstest.MapFile{Data: []byte("{}")}
	case len(c.HostJSON) == 0:
		s.files["host.json"] = &fstest.MapFile{Data: []byte(`{"version":"2.0"}`)}
	case string(c.HostJSON) == `"__absent__"`:
	default:
		s.files["host.json"] = &fstest.MapFile{Data: c.HostJSON}
	}
	for i := range s.vector.Functions {
		f := &s.vector.Functions[i]
		text := []byte(f.FunctionJSON)
		if f.FunctionJSONRaw != nil {
			text = []byte(*f.FunctionJSONRaw)
		}
		s.files[f.Name+"/function.json"] = &fstest.MapFile{Data: text}
		s.files[f.Name+"/run.csx"] = &fstest.MapFile{}
		h, missing := s.handler(f)
		if missing != "" {
			s.missing = missing
			h = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		}
		s.handlers[f.Name] = h
	}
}

// has reports whether the app has a function, served or not.
func (s *stage) has(name string) bool {
	is := func(f trigger.FunctionConfig) bool { return f.Name == name }
	return slices.ContainsFunc(s.app.Functions, is) || slices.ContainsFunc(s.app.Unlisted, is) ||
		slices.ContainsFunc(s.app.Failed, func(f trigger.FunctionFailure) bool { return f.Name == name })
}

func storeKeys(v *vector, defaults keySet, compat bool) (*keys.Resolver, error) {
	store := &keys.Memory{}
	list := func(m map[string]string) []keys.Key {
		var out []keys.Key
		for _, name := range slices.Sorted(maps.Keys(m)) {
			out = append(out, keys.Key{Name: name, Value: keys.NewSecret(m[name])})
		}
		return out
	}
	host := keys.Set{
		Master:   keys.Key{Name: keys.MasterName, Value: keys.NewSecret(defaults.Master)},
		Function: list(defaults.Host), System: list(defaults.System),
	}
	if err := store.Save(context.Background(), keys.HostScope(), host); err != nil {
		return nil, err
	}
	for _, f := range v.Functions {
		if !trigger.ValidName(f.Name) {
			continue
		}
		if err := store.Save(context.Background(), keys.FunctionScope(f.Name), keys.Set{Function: list(defaults.Function)}); err != nil {
			return nil, err
		}
	}
	return &keys.Resolver{Store: store, Compat: compat}, nil
}

// A logRecord keeps what was logged.
type logRecord struct {
	mu      sync.Mutex
	records []map[string]any
	text    bytes.Buffer
}

func (l *logRecord) Enabled(context.Context, slog.Level) bool { return true }

func (l *logRecord) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	fields := map[string]any{"msg": r.Message}
	fmt.Fprintln(&l.text, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Any()
		fmt.Fprintf(&l.text, "%s=%v ", a.Key, a.Value)
		return true
	})
	l.records = append(l.records, fields)
	return nil
}

func (l *logRecord) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *logRecord) WithGroup(string) slog.Handler      { return l }

// messages are the library's lines for the reference's numbers of them.
var messages = map[int]string{527: "Executing HTTP request", 528: "Executed HTTP request"}

// lines looks for the request lines wanted in the log. The library has messages
// where the reference has numbers; the facts are the same.
func (l *logRecord) lines(want []logLine) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var diffs []string
	for _, w := range want {
		found := false
		for _, r := range l.records {
			found = found || matches(r, w)
		}
		if !found {
			text, _ := json.Marshal(l.records)
			diffs = append(diffs, fmt.Sprintf("log: nothing like %+v in %s", w, text))
		}
	}
	return diffs
}

func matches(r map[string]any, w logLine) bool {
	if r["msg"] != messages[w.Event] {
		return false
	}
	for name, value := range w.Fields {
		if fmt.Sprint(r[name]) != fmt.Sprint(value) {
			return false
		}
	}
	for _, name := range w.Has {
		if _, ok := r[name]; !ok {
			return false
		}
	}
	return true
}
