package hostvec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/filekeys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

// root is the app's folder in texts that show it.
const root = "/home/site/wwwroot"

// A stage is an app set up to be asked.
type stage struct {
	app      *app
	files    fstest.MapFS
	loaded   *trigger.App
	handlers map[string]http.Handler
	parsed   map[string]*function // by name in lower case
	missing  map[string]string    // function to what the library lacks for it
	resolver *keys.Resolver
	host     *trigger.Host
	gates    []*throttle.Gate // in which requests may wait
	server   *wire.Server
	stages   *record
	names    names
	cleanup  []func()
}

func (s *stage) close() {
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		s.cleanup[i]()
	}
}

// set builds an app with the library in Compat.
func set(a *app) (*stage, error) {
	s := &stage{app: a, files: fstest.MapFS{}, handlers: map[string]http.Handler{}, parsed: map[string]*function{}, missing: map[string]string{}, stages: newRecord()}
	s.names = names{"scriptRoot": root, "testData": os.TempDir() + "/FunctionsData"}
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) open() error {
	if err := s.lay(); err != nil {
		return err
	}
	if err := s.keys(); err != nil {
		return err
	}
	if s.load(); s.loaded == nil {
		return errors.New("LoadApp returned no App")
	}
	if s.app.Model == "custom" || s.app.Model == "forward" {
		if err := s.custom(); err != nil {
			return err
		}
	}
	var err error
	if s.host, err = trigger.NewHost(s.config()); err != nil {
		return fmt.Errorf("NewHost: %w", err)
	}
	if s.server, err = wire.NewServer(s.host); err != nil {
		return err
	}
	s.cleanup = append(s.cleanup, s.server.Close)
	s.stages.server = s.server
	s.gated()
	return nil
}

// gated notes the gate of the host, which is another after each reload.
func (s *stage) gated() {
	if g := s.host.Gate(); g != nil {
		s.gates = append(s.gates, g)
	}
}

// settled reports whether nothing moves: each request has its answer, is held or
// waits in line.
func (s *stage) settled() bool {
	return s.server.Settled(func() (n int) {
		for _, g := range s.gates {
			n += g.Stats().Waiting
		}
		return n
	})
}

func (s *stage) load() {
	s.loaded, _ = trigger.LoadApp(s.files, &trigger.LoadOptions{Compat: true, Env: s.loadEnv(), Root: root})
}

// loadEnv is the environment that the app is read with. Vectors with a custom
// handler leave the section of host.json out that names it.
func (s *stage) loadEnv() map[string]string {
	var text string
	if file := s.files["host.json"]; file != nil {
		text = strings.ToLower(string(file.Data))
	}
	if s.app.Model == "inproc" || strings.Contains(text, "customhandler") || strings.Contains(text, "httpworker") {
		return s.app.Env
	}
	env := map[string]string{"AzureFunctionsJobHost__customHandler__description__defaultExecutablePath": "program"}
	maps.Copy(env, s.app.Env)
	return env
}

func (s *stage) config() trigger.Config {
	handlers := map[string]http.Handler{}
	for name, h := range s.handlers {
		if s.has(name) { // a step may have removed it
			handlers[name] = h
		}
	}
	return trigger.Config{App: s.loaded, Handlers: handlers, Keys: s.resolver, Compat: true, Env: s.app.Env}
}

// lay writes the files of the app and makes its functions.
func (s *stage) lay() error {
	write := func(name string, text json.RawMessage) error {
		b, err := fileText(text)
		s.files[name] = &fstest.MapFile{Data: b}
		return err
	}
	if len(s.app.HostJSON) > 0 && string(s.app.HostJSON) != "null" {
		if err := write("host.json", s.app.HostJSON); err != nil {
			return err
		}
	}
	for name, text := range s.app.Files {
		if err := write(name, text); err != nil {
			return err
		}
	}
	functions, err := ordered(s.app.Functions)
	if err != nil {
		return err
	}
	for _, p := range functions {
		var f function
		if err := decode(p.text, &f); err != nil {
			return fmt.Errorf("function %q: %w", p.name, err)
		}
		if err := write(p.name+"/function.json", f.FunctionJSON); err != nil {
			return err
		}
		if f.Files == nil && s.app.Model == "inproc" {
			s.files[p.name+"/run.csx"] = &fstest.MapFile{}
		}
		for name, text := range f.Files {
			if err := write(p.name+"/"+name, text); err != nil {
				return err
			}
		}
		s.parsed[strings.ToLower(p.name)] = &f
		h, missing := s.handler(p.name, &f)
		if missing != "" {
			s.missing[p.name] = missing
		}
		s.handlers[p.name] = h
	}
	return nil
}

// keys stores the keys that the vector names.
func (s *stage) keys() error {
	store := keys.Store(&keys.Memory{})
	if s.app.Documents != nil {
		dir, err := os.MkdirTemp("", "hostvec")
		if err != nil {
			return err
		}
		s.cleanup = append(s.cleanup, func() { _ = os.RemoveAll(dir) })
		for name, text := range s.app.Documents {
			b, err := fileText(text)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o600); err != nil {
				return err
			}
		}
		files, err := filekeys.New(filekeys.Config{Dir: dir, InsecurePlain: true, Compat: true})
		if err != nil {
			return err
		}
		store = files
	}
	s.resolver = &keys.Resolver{Store: store, Compat: true}
	if s.app.Keys == nil {
		return nil
	}
	ctx := context.Background()
	var host keys.Set
	if s.app.Keys.Master != "" {
		host.Master = keys.Key{Name: keys.MasterName, Value: keys.NewSecret(s.app.Keys.Master)}
	}
	var err error
	if host.Function, err = keyList(s.app.Keys.Host); err != nil {
		return err
	}
	if host.System, err = keyList(s.app.Keys.System); err != nil {
		return err
	}
	if err := store.Save(ctx, keys.HostScope(), host); err != nil {
		return err
	}
	for name, list := range s.app.Keys.Functions {
		if !s.has(name) {
			continue
		}
		var set keys.Set
		if set.Function, err = keyList(list); err != nil {
			return err
		}
		if err := store.Save(ctx, keys.FunctionScope(name), set); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) has(name string) bool {
	for file := range s.files {
		if dir, found := strings.CutSuffix(file, "/function.json"); found && strings.EqualFold(dir, name) {
			return true
		}
	}
	return false
}

func keyList(text json.RawMessage) ([]keys.Key, error) {
	pairs, err := ordered(text)
	if err != nil {
		return nil, err
	}
	var list []keys.Key
	for _, p := range pairs {
		var value string
		if err := json.Unmarshal(p.text, &value); err != nil {
			return nil, err
		}
		list = append(list, keys.Key{Name: p.name, Value: keys.NewSecret(value)})
	}
	return list, nil
}
