package keys

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Kind says what a key is for. The zero Kind is no key at all.
type Kind uint8

// The kinds of keys.
const (
	NoKey       Kind = iota
	MasterKey        // the one master key of the host; grants Admin
	SystemKey        // made for an extension; grants System
	FunctionKey      // of one function, or of the host for all of them; grants Function

	// Not keys, but what stands in for them: see Tokens. They grant Admin; what
	// they open besides depends on the kind.
	SiteToken       // of the site itself; opens all that the master key does
	PlatformToken   // of the platform; opens admin endpoints and webhooks
	RestrictedToken // a simple web token; opens admin endpoints
)

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case MasterKey:
		return "master"
	case SystemKey:
		return "system"
	case FunctionKey:
		return "function"
	case SiteToken:
		return "site token"
	case PlatformToken:
		return "platform token"
	case RestrictedToken:
		return "restricted token"
	}
	return "none"
}

// Level returns the level that keys of the kind grant: Anonymous for NoKey.
func (k Kind) Level() Level {
	switch k {
	case MasterKey, SiteToken, PlatformToken, RestrictedToken:
		return Admin
	case SystemKey:
		return System
	case FunctionKey:
		return Function
	}
	return Anonymous
}

// isToken reports whether the kind is not of a key.
func (k Kind) isToken() bool { return k >= SiteToken }

// MasterName is the name under which the master key is stored and under which
// its bearer is known.
const MasterName = "master"

// Bounds of names and values, inclusive.
const (
	MaxName       = 128  // characters of a key's name
	MaxValue      = 4096 // bytes of a value; a longer text presented is no key
	MinValue      = 16   // bytes of a value somebody chose
	maxScopeRunes = 128

	// maxCompatValue takes the place of MaxValue with Compat: the source's server
	// takes no more header than this.
	maxCompatValue = 32 << 10
)

// A Key is a named secret. Printing one gives its name.
type Key struct {
	Name string

	// Value is the text that callers present. It is empty if only a Hash of it
	// is kept; a key with neither can never be presented.
	Value Secret

	// Hash stands in for the Value of a key whose value is not recoverable. A
	// document with one is read by the source as a key with an empty value.
	Hash Hash

	// Label is free text for people: whose key it is, or what for.
	Label string

	// NotBefore and Expires bound the time in which the key works, the first
	// inclusive, the second exclusive. Zero is no bound. The source does not
	// know them: a host of its own that reads the document ignores them.
	NotBefore, Expires time.Time

	// Created is when the value was made; zero if not known.
	Created time.Time

	// Used is when the key was last recognised, as far as a Resolver wrote it
	// down; zero if not known. A host of the source's own drops it.
	Used time.Time
}

// Format writes the key's name in quotes, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key %q", k.Name) }

// Valid reports whether the key works at t.
func (k Key) Valid(t time.Time) bool {
	return (k.NotBefore.IsZero() || !t.Before(k.NotBefore)) && (k.Expires.IsZero() || t.Before(k.Expires))
}

// ErrName is wrapped by what ValidateName returns, ErrValue by what
// ValidateValue does.
var (
	ErrName  = errors.New("keys: name refused")
	ErrValue = errors.New("keys: value refused")
)

// ValidateName tells why a name cannot be given to a key: 1 to 128 characters
// are allowed, without control characters and slashes; "master" and "_master"
// are the master key's. The source allows more, some of which its stores cannot
// keep.
func ValidateName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %q: not UTF-8", ErrName, name)
	case utf8.RuneCountInString(name) > MaxName:
		return fmt.Errorf("%w: more than %d characters", ErrName, MaxName)
	case IsMasterName(name) || strings.EqualFold(name, MasterName):
		return fmt.Errorf("%w: %q is the master key", ErrName, name)
	}
	for _, c := range name {
		if c == '/' || unicode.IsControl(c) {
			return fmt.Errorf("%w: %q: character %q", ErrName, name, c)
		}
	}
	return nil
}

// IsMasterName reports whether name is the one by which the management API
// knows the master key, "_master", ignoring case.
func IsMasterName(name string) bool { return strings.EqualFold(name, "_master") }

// ValidateValue tells why a value that somebody chose cannot be a key: it has
// 16 to 4096 bytes. With allowWeak one byte is enough, as in the source. The
// error does not show the value.
func ValidateValue(value Secret, allowWeak bool) error {
	switch n := len(value.Reveal()); {
	case n == 0:
		return fmt.Errorf("%w: it is empty", ErrValue)
	case n > MaxValue:
		return fmt.Errorf("%w: more than %d bytes", ErrValue, MaxValue)
	case n < MinValue && !allowWeak:
		return fmt.Errorf("%w: fewer than %d bytes", ErrValue, MinValue)
	}
	return nil
}

// A Scope says whose keys are meant: the host's, or those of one function. It is
// comparable. The zero Scope is the host.
type Scope struct{ function string }

// HostScope is the scope of the master key, the system keys and the function
// keys that open every function.
func HostScope() Scope { return Scope{} }

// FunctionScope is the scope of a function's own keys. Case is ignored.
func FunctionScope(name string) Scope { return Scope{strings.ToLower(name)} }

// Function returns the function's name in lower case, or "" for the host.
func (s Scope) Function() string { return s.function }

// IsHost reports whether s is the host's scope.
func (s Scope) IsHost() bool { return s.function == "" }

// String returns "host", or "function" and the name in quotes.
func (s Scope) String() string {
	if s.IsHost() {
		return "host"
	}
	return fmt.Sprintf("function %q", s.function)
}

// ErrScope is wrapped by what Scope.Validate returns.
var ErrScope = errors.New("keys: no such scope")

// Validate tells why a scope cannot have keys. Function names have 1 to 128
// letters, digits, '-' and '_'; the name host would share the host's document.
// A driver that makes file names of scopes calls it first.
func (s Scope) Validate() error {
	if s.IsHost() {
		return nil
	}
	if s.function == "host" {
		return fmt.Errorf("%w: %q: reserved", ErrScope, s.function)
	}
	n := 0
	for _, c := range s.function {
		if c == utf8.RuneError || c != '-' && c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) {
			return fmt.Errorf("%w: %q: character %q", ErrScope, s.function, c)
		}
		if n++; n > maxScopeRunes {
			return fmt.Errorf("%w: function name of more than %d characters", ErrScope, maxScopeRunes)
		}
	}
	return nil
}

// A Set has the keys of one scope, in stored order. Printing one shows names.
//
// A Set that a Store returned belongs to the caller, who may change it and save
// it back.
type Set struct {
	// Version is the store's mark of the state that was loaded; "" is "not
	// stored yet". Callers leave it alone.
	Version string

	Master   Key   // of the host scope only
	System   []Key // of the host scope only
	Function []Key // the host's function keys, or the keys of the function

	// Origin says who wrote the document. It is for diagnosis only.
	Origin Origin
}

// Origin has the members of a key document that say where it was written.
type Origin struct {
	HostName        string // of the host that wrote it
	InstanceID      string // of the machine it ran on
	Source          string // what wrote it; a host writes "runtime"
	DecryptionKeyID string // of the key that encrypts the values, "" if none is named
}

// Format writes the names of the keys, whatever the verb.
func (s Set) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "system keys %q, function keys %q", names(s.System), names(s.Function))
}

func names(list []Key) []string {
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = k.Name
	}
	return out
}

// Clone returns a copy that shares no list with s.
func (s Set) Clone() Set {
	s.System = slices.Clone(s.System)
	s.Function = slices.Clone(s.Function)
	return s
}

// doubled returns an error if two keys of one kind have the same name, casing
// included.
func (s *Set) doubled() error {
	for _, kind := range []Kind{SystemKey, FunctionKey} {
		seen := map[string]bool{}
		for _, k := range *s.list(kind) {
			if seen[k.Name] {
				return fmt.Errorf("two %s keys have the name %q", kind, k.Name)
			}
			seen[k.Name] = true
		}
	}
	return nil
}

// list returns the list that keys of a kind are in, or nil.
func (s *Set) list(kind Kind) *[]Key {
	switch kind {
	case SystemKey:
		return &s.System
	case FunctionKey:
		return &s.Function
	}
	return nil
}

// Get returns the key of a kind by name, ignoring case unless exact. The name
// does not matter for the master key.
func (s *Set) Get(kind Kind, name string, exact bool) (Key, bool) {
	if kind == MasterKey {
		return s.Master, !s.Master.Value.IsZero() || !s.Master.Hash.IsZero()
	}
	list := s.list(kind)
	if list == nil {
		return Key{}, false
	}
	for _, k := range *list {
		if k.Name == name || !exact && strings.EqualFold(k.Name, name) {
			return k, true
		}
	}
	return Key{}, false
}

// Put adds a key, or replaces those of its name, ignoring case. It is then the
// last of its list, as in the source, and Put reports whether there was one.
func (s *Set) Put(kind Kind, key Key) (replaced bool) {
	if kind == MasterKey {
		_, replaced = s.Get(MasterKey, "", false)
		key.Name = MasterName
		s.Master = key
		return replaced
	}
	replaced = s.Remove(kind, key.Name)
	if list := s.list(kind); list != nil {
		*list = append(*list, key)
	}
	return replaced
}

// Remove takes out the keys of a name, ignoring case, and reports whether there
// were any. The master key cannot be removed.
func (s *Set) Remove(kind Kind, name string) bool {
	list := s.list(kind)
	if list == nil {
		return false
	}
	n := len(*list)
	*list = slices.DeleteFunc(*list, func(k Key) bool { return strings.EqualFold(k.Name, name) })
	return len(*list) < n
}
