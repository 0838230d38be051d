package keys

import (
	"fmt"
	"strconv"
	"strings"
)

// A Level is what a function asks of its callers. The zero Level is Function,
// the source's default, so that a level nobody set is not an open door.
//
// Levels are not a ladder: a caller's level satisfies an equal one, Admin
// satisfies every one, and every caller satisfies Anonymous (source:
// Security/Authorization/AuthUtility.cs).
type Level uint8

// The levels. No key grants User: a function of that level can be called with
// the master key only.
const (
	Function  Level = iota // a key of the function or of the host
	Anonymous              // no key
	User                   // a signed-in user
	System                 // a key made for an extension
	Admin                  // the master key
)

var levelNames = [...]string{"function", "anonymous", "user", "system", "admin"}

// String returns the level's name in lower case.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "Level(" + strconv.Itoa(int(l)) + ")"
}

// ParseLevel reads the name of a level, ignoring case.
func ParseLevel(text string) (Level, error) {
	for i, name := range levelNames {
		if strings.EqualFold(text, name) {
			return Level(i), nil
		}
	}
	return Function, fmt.Errorf("keys: %q: not a level: want %s", text, "anonymous, user, function, system or admin")
}

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) {
	if int(l) >= len(levelNames) {
		return nil, fmt.Errorf("keys: %s: not a level", l)
	}
	return []byte(levelNames[l]), nil
}

// UnmarshalText reads the name of a level, ignoring case.
func (l *Level) UnmarshalText(text []byte) error {
	parsed, err := ParseLevel(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}
