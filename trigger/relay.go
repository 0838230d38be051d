package trigger

import (
	"log"
	"net/http"
	"net/http/httputil"
)

// Relay returns a handler that answers with what proxy fetches, as a function of a
// Host, whose log and hooks are told the status. On its own a
// [httputil.ReverseProxy] adds the fields of the answer to those that the host has
// set, so that a custom header of host.json would come twice, lets an informational
// answer (1xx) erase the host's, and leaves a missing Content-Type to be guessed by
// net/http. Behind Relay the fields of the answer replace the host's, but for CORS
// and HSTS, which stay the host's, and Vary, which is joined; no type is guessed.
// The proxy's own ModifyResponse is called first; without an ErrorHandler a failure
// is logged and answered 502. The proxy is not changed, and must not be while the
// handler is in use.
func Relay(proxy *httputil.ReverseProxy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		relay := *proxy
		host := w.Header().Clone()
		relay.ModifyResponse = func(resp *http.Response) error {
			if proxy.ModifyResponse != nil {
				if err := proxy.ModifyResponse(resp); err != nil {
					return err
				}
			}
			putBack(w.Header(), host)
			joinFields(r, w.Header(), resp.Header)
			noteRelayed(r, resp.StatusCode, nil)
			return nil
		}
		relay.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
			putBack(w.Header(), host)
			if proxy.ErrorHandler != nil {
				proxy.ErrorHandler(w, r, err)
				return
			}
			logTo(proxy.ErrorLog, "trigger: relay: %s", Redact(err.Error()))
			noteRelayed(r, http.StatusBadGateway, err)
			w.WriteHeader(http.StatusBadGateway)
		}
		relay.ServeHTTP(w, r)
	})
}

// noteRelayed tells the host what is answered, for its log and hooks.
func noteRelayed(r *http.Request, status int, err error) {
	if inv, ok := FromContext(r.Context()); ok {
		inv.returned(status, err)
	}
}

// logTo prints to l, to the standard logger if it is nil, as the proxy does.
func logTo(l *log.Logger, format string, args ...any) {
	if l == nil {
		l = log.Default()
	}
	l.Printf(format, args...)
}

// putBack puts fields back that an informational answer took along.
func putBack(h, fields http.Header) {
	for name, values := range fields {
		if _, there := h[name]; !there {
			h[name] = values
		}
	}
}

// joinFields prepares h, the fields of the response, for those of the answer, which
// will be added to it.
func joinFields(r *http.Request, h, answer http.Header) {
	for name := range answer {
		switch {
		case hostOwned(name) && len(h[name]) > 0:
			rulesOf(r.Context()).dropped(r.Context(), name)
			delete(answer, name)
		case name != "Vary":
			delete(h, name)
		}
	}
	if _, there := h["Content-Type"]; !there {
		h["Content-Type"] = nil // the answer's is added to it; without one nothing is guessed
	}
}
