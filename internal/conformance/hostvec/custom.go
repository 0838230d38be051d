package hostvec

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/trigger"
)

// custom starts the program that runs the functions of an app of the models
// custom and forward, and puts the library's handlers for it in place.
func (s *stage) custom() error {
	program, err := wire.NewServer(s.program())
	if err != nil {
		return err
	}
	s.cleanup = append(s.cleanup, program.Close)
	loaded := *s.loaded
	loaded.Host.CustomHandler = &trigger.CustomHandlerConfig{ExecutablePath: "program", ForwardHTTP: s.app.Model == "forward"}
	worker := &trigger.Worker{URL: program.URL(), Version: "4.1037.0"}
	handlers, err := worker.Handlers(&loaded)
	if err != nil {
		return err
	}
	for name, h := range handlers {
		s.handlers[name] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.stages.enter(name, r.RemoteAddr)
			h.ServeHTTP(w, r)
		})
	}
	return nil
}

// program is the custom handler of the vectors.
func (s *stage) program() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sight sight
		name := strings.TrimPrefix(r.URL.Path, "/")
		if s.app.Model == "forward" {
			name = s.stages.current().name
		}
		sight.function = name
		sight.body, _ = io.ReadAll(r.Body)
		sight.sent = s.app.Model == "custom"
		s.stages.sent(r, &sight)
		f := s.parsed[strings.ToLower(name)]
		var a answer
		if f == nil || decode(f.Answer, &a) != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if s.app.Model == "forward" {
			a.serve(w, r)
			return
		}
		a.program(w)
	})
}

// serve answers a live request.
func (a *answer) serve(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = nil
	for name, values := range a.Headers {
		w.Header()[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if a.Status != nil {
		w.WriteHeader(*a.Status)
	}
	switch {
	case a.Bytes != nil:
		b, _ := base64.StdEncoding.DecodeString(*a.Bytes)
		_, _ = w.Write(b)
	case a.Body != nil:
		_, _ = io.WriteString(w, *a.Body)
	}
}

// program answers the description of a request.
func (a *answer) program(w http.ResponseWriter) {
	if a.Panic != nil && string(a.Panic) != "false" {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if a.RawAnswer != nil {
		var raw answer
		if err := decode(a.RawAnswer, &raw); err != nil {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		raw.serve(w, nil)
		return
	}
	members := map[string]json.RawMessage{}
	if a.Response != nil {
		members["Outputs"], _ = json.Marshal(map[string]json.RawMessage{"res": a.Response})
	}
	if a.Outputs != nil {
		members["Outputs"] = a.Outputs
	}
	if a.Return != nil {
		members["ReturnValue"] = a.Return
	}
	w.Header().Set("Content-Type", "application/json")
	text, _ := json.Marshal(members)
	_, _ = w.Write(text)
}
