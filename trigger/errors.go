package trigger

import (
	"fmt"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// A ConfigError is a mistake in the files or settings of an app: where it is
// and what was expected there.
type ConfigError struct {
	// File is the path of the file in the app, or "" if the mistake is in a
	// setting from LoadOptions.Env.
	File string

	// Line and Column say where in the file, both from 1 and the column in
	// characters; 0 if the file as a whole is meant.
	Line   int
	Column int

	// Name is the setting: a path in host.json with dots
	// ("extensions.http.routePrefix"), a property of function.json or the name
	// of an environment variable. It is "" if the text is no JSON.
	Name string

	// Reason says what is wrong.
	Reason string

	// Nearest is the known name that is most like an unknown one, "" if none
	// is.
	Nearest string
}

// Error returns file, line and column in the form that editors follow, then
// the name and the reason.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString("trigger: ")
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
		}
		b.WriteString(": ")
	}
	if e.Name != "" {
		fmt.Fprintf(&b, "%q: ", e.Name)
	}
	b.WriteString(e.Reason)
	if e.Nearest != "" {
		fmt.Fprintf(&b, " (the nearest is %q)", e.Nearest)
	}
	return b.String()
}

// place says where a setting was read.
type place struct {
	file string
	pos  jsonc.Pos
	env  string // name of the environment variable, "" for a file
}

func (p place) errorf(name, format string, args ...any) *ConfigError {
	if p.env != "" {
		name = p.env
	}
	return &ConfigError{File: p.file, Line: p.pos.Line, Column: p.pos.Column, Name: name, Reason: fmt.Sprintf(format, args...)}
}

// hasSuffixFold reports whether s ends in suffix, case ignored. suffix is ASCII.
func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
