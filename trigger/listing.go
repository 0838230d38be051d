package trigger

import (
	"slices"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
)

// A FunctionInfo describes a function that a Host serves.
type FunctionInfo struct {
	Name string

	// Route is the full route template, the prefix included.
	Route string

	// Methods are the verbs that the function takes, nil for any.
	Methods []string

	Level    keys.Level
	Disabled bool

	// WebHook says that the function takes deliveries of a webhook: a signature
	// stands in the place of a key.
	WebHook bool

	// Gate bounds the requests in this function, nil if only the host's does.
	Gate *throttle.Gate
}

// Functions returns what the host serves, in the order of names, case ignored.
func (h *Host) Functions() []FunctionInfo {
	s := h.site.Load()
	if s == nil {
		return nil
	}
	out := make([]FunctionInfo, 0, len(s.ends))
	for _, e := range s.ends {
		out = append(out, FunctionInfo{
			Name: e.Name, Route: e.pattern[1:], Methods: slices.Clone(e.Methods),
			Level: e.Level, Disabled: e.Disabled, WebHook: e.isHook(), Gate: e.Gate,
		})
	}
	return out
}
