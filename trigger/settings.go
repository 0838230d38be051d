package trigger

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// A setting is a node of the tree that host.json and the environment make
// together. Names are compared ignoring case; of a doubled name the later value
// wins, and sections of one name are one section, as in the reference's
// configuration (HostJsonFileConfigurationSource.cs). An array is a section
// whose names are its indexes.
type setting struct {
	name  string // as first written
	at    place  // of the last value
	kids  []*setting
	leaf  bool // has a value of its own, not only a section
	kind  jsonc.Kind
	text  string // of the leaf, as written
	named place  // of the last name
}

// child returns the setting of that name in a section, or nil.
func (s *setting) child(name string) *setting {
	if s == nil {
		return nil
	}
	for _, k := range s.kids {
		if strings.EqualFold(k.name, name) {
			return k
		}
	}
	return nil
}

func (s *setting) grow(name string) *setting {
	k := s.child(name)
	if k == nil {
		k = &setting{name: name, kind: jsonc.Object}
		s.kids = append(s.kids, k)
	}
	return k
}

// merge puts a value from a file on s. Names that stand twice in one object are
// told to twice; if it is nil, the last of those that are spelled alike takes the
// place of the first, as in the reference's reader.
func (s *setting) merge(file string, v *jsonc.Value, path string, twice func(at place, name string)) {
	if v.Kind == jsonc.Undefined { // the reference passes it over
		return
	}
	s.at = place{file: file, pos: v.Pos}
	if section := v.Kind == jsonc.Object || v.Kind == jsonc.Array; !section || !s.leaf {
		s.kind, s.leaf = v.Kind, !section
	}
	switch v.Kind {
	case jsonc.Object:
		for i, m := range v.Members {
			at, value := place{file: file, pos: m.Pos}, m.Value
			switch {
			case twice == nil && slices.ContainsFunc(v.Members[:i], func(o jsonc.Member) bool { return o.Name == m.Name }):
				continue
			case twice == nil:
				value = v.Get(m.Name)
			case seenBefore(v.Members[:i], m.Name):
				twice(at, dotted(path, m.Name))
			}
			names := []string{m.Name}
			if twice == nil { // a colon parts sections there
				names = strings.Split(m.Name, ":")
			}
			k := s
			for _, name := range names {
				k = k.grow(name)
			}
			k.named = at
			k.merge(file, value, dotted(path, m.Name), twice)
		}
	case jsonc.Array:
		for i, item := range v.Items {
			k := s.grow(strconv.Itoa(i))
			k.named = place{file: file, pos: item.Pos}
			k.merge(file, item, dotted(path, strconv.Itoa(i)), twice)
		}
	default:
		s.text = v.Text
	}
}

func seenBefore(members []jsonc.Member, name string) bool {
	for _, m := range members {
		if strings.EqualFold(m.Name, name) {
			return true
		}
	}
	return false
}

func dotted(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// hostVariables is how the names of variables begin that stand for settings of
// host.json.
const hostVariables = "AzureFunctionsJobHost"

// overlay puts the environment's settings for host.json on s, in the order of
// their names so that the outcome is one.
func (s *setting) overlay(env map[string]string) {
	for _, name := range sortedNames(env) {
		path := strings.Split(strings.ReplaceAll(name, "__", ":"), ":")
		if len(path) < 2 || !strings.EqualFold(path[0], hostVariables) {
			continue
		}
		k := s
		at := place{env: name}
		for _, p := range path[1:] {
			k = k.grow(p)
			k.named = at
		}
		k.at = at
		k.leaf, k.kind, k.text = true, jsonc.String, env[name]
	}
}

func sortedNames(env map[string]string) []string {
	names := make([]string, 0, len(env))
	for name := range env {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// elements returns the members of an array in the order of their indexes.
func (s *setting) elements() []*setting {
	kids := append([]*setting(nil), s.kids...)
	sort.SliceStable(kids, func(i, j int) bool {
		a, errA := strconv.Atoi(kids[i].name)
		b, errB := strconv.Atoi(kids[j].name)
		if errA == nil && errB == nil {
			return a < b
		}
		return errA == nil && errB != nil
	})
	return kids
}

// variable returns a variable of the environment, its name compared ignoring
// case, as names of application settings are.
func variable(env map[string]string, name string) (value string, ok bool) {
	if v, ok := env[name]; ok {
		return v, true
	}
	for _, k := range sortedNames(env) {
		if strings.EqualFold(k, name) {
			return env[k], true
		}
	}
	return "", false
}
