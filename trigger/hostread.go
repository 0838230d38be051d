package trigger

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// A field is a setting that host.json may have: a section with fields of its
// own, or one that read takes.
type field struct {
	name   string
	fields []field
	read   func(s *setting, name string)

	// net is the setting's path in the reference's messages.
	net string

	// foreign is the remark on a setting that the reference has and that has
	// no effect here; quiet leaves the remark away.
	foreign string
	quiet   bool
}

const noEffect = "has no effect here"

// walk reads a section in Default: every setting must be known.
func (l *loader) walk(s *setting, fields []field, path string) {
	for _, k := range s.kids {
		name := dotted(path, k.name)
		f := findField(fields, k.name)
		switch {
		case f == nil:
			e := k.named.errorf(name, "not a known setting")
			e.Nearest = nearest(k.name, fieldNames(fields))
			l.unknown(e)
		case f.quiet:
		case f.foreign != "":
			l.warn(k.named.errorf(name, "%s", f.foreign))
		case f.read != nil:
			f.read(k, name)
		case k.leaf && k.kind == jsonc.Null:
		case k.leaf || k.kind == jsonc.Array:
			l.mistake(k.at.errorf(name, "found %s, want an object", k.kind))
		default:
			l.walk(k, f.fields, name)
		}
	}
}

// pick reads a section in Compat: what is unknown is passed over.
func (l *loader) pick(s *setting, fields []field) {
	for _, f := range fields {
		k := s.child(f.name)
		switch {
		case k == nil:
		case f.read != nil:
			f.read(k, f.net)
		default:
			l.pick(k, f.fields)
		}
	}
}

func findField(fields []field, name string) *field {
	for i := range fields {
		if strings.EqualFold(fields[i].name, name) {
			return &fields[i]
		}
	}
	return nil
}

func fieldNames(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// value returns the text of a setting in Compat; ok is false if it is only a
// section, which is passed over where a text is wanted.
func (s *setting) value() (text string, ok bool) {
	if !s.leaf {
		return "", false
	}
	if s.at.env != "" {
		return s.text, true
	}
	return netText(&jsonc.Value{Kind: s.kind, Text: s.text}), true
}

// found describes what stands where something else is wanted.
func (s *setting) found() string {
	if s.leaf && s.kind != jsonc.Null {
		return fmt.Sprintf("found %q", s.text)
	}
	return "found " + s.kind.String()
}

func (l *loader) convert(text, net, kind string) {
	l.mistake(wiref(wireConvert, text, net, kind))
}

// textField reads a text; null is the empty text.
func (l *loader) textField(dst *string) func(*setting, string) {
	return func(s *setting, name string) {
		if l.Compat {
			if text, ok := s.value(); ok {
				*dst = text
			}
			return
		}
		if s.leaf && (s.kind == jsonc.String || s.kind == jsonc.Null) {
			*dst = s.text
			return
		}
		l.mistake(s.at.errorf(name, "%s, want a string", s.found()))
	}
}

// scalar makes a reader of a single value from the two ways to convert it.
func scalar[T any](l *loader, dst *T, kind, want string, net func(string) (T, bool), strict func(*setting) (T, bool)) func(*setting, string) {
	return func(s *setting, name string) {
		if l.Compat {
			if text, ok := s.value(); ok {
				v, ok := net(text)
				if !ok {
					l.convert(text, name, kind)
					return
				}
				*dst = v
			}
			return
		}
		v, ok := strict(s)
		if !s.leaf || !ok {
			l.mistake(s.at.errorf(name, "%s, want %s", s.found(), want))
			return
		}
		*dst = v
	}
}

func (l *loader) intField(dst *int, want string, accept func(int) bool) func(*setting, string) {
	return scalar(l, dst, "System.Int32", want, netInt, func(s *setting) (int, bool) {
		n, err := strconv.ParseInt(strings.TrimSpace(s.text), 10, 32)
		return int(n), err == nil && (s.kind == jsonc.Number || s.kind == jsonc.String) && accept(int(n))
	})
}

func (l *loader) boolField(dst *bool) func(*setting, string) {
	return scalar(l, dst, "System.Boolean", "true or false", netBool, func(s *setting) (bool, bool) {
		v, ok := netBool(s.text)
		return v, ok && (s.kind == jsonc.Bool || s.kind == jsonc.String)
	})
}

func (l *loader) floatField(dst *float64, want string, accept func(float64) bool) func(*setting, string) {
	return scalar(l, dst, "System.Single", want, netFloat, func(s *setting) (float64, bool) {
		f, ok := netFloat(s.text)
		return f, ok && (s.kind == jsonc.Number || s.kind == jsonc.String) && accept(f)
	})
}

func (l *loader) spanField(dst *time.Duration) func(*setting, string) {
	net := func(text string) (time.Duration, bool) {
		d, err := parseTimeSpan(text)
		return d, err == nil
	}
	return scalar(l, dst, "System.TimeSpan", `a time span as "hh:mm:ss" or "d.hh:mm:ss", not negative`, net, func(s *setting) (time.Duration, bool) {
		d, err := parseTimeSpan(s.text)
		return d, err == nil && d >= 0 && (s.kind == jsonc.Number || s.kind == jsonc.String)
	})
}

// listField reads an array of texts and appends it.
func (l *loader) listField(dst *[]string) func(*setting, string) {
	return func(s *setting, name string) {
		if !l.Compat && (s.leaf || s.kind != jsonc.Array && s.at.env == "" && !indexed(s)) {
			l.mistake(s.at.errorf(name, "%s, want an array of strings", s.found()))
			return
		}
		for _, e := range s.elements() {
			if l.Compat {
				if text, ok := e.value(); ok {
					*dst = append(*dst, text)
				}
				continue
			}
			if !e.leaf || e.kind != jsonc.String {
				l.mistake(e.at.errorf(dotted(name, e.name), "%s, want a string", e.found()))
				continue
			}
			*dst = append(*dst, e.text)
		}
	}
}

// indexed reports whether a section is an array, made by the environment.
func indexed(s *setting) bool {
	for _, k := range s.kids {
		if _, err := strconv.Atoi(k.name); err != nil || k.at.env == "" {
			return false
		}
	}
	return len(s.kids) > 0
}
