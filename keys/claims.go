package keys

import (
	"slices"
	"strings"
)

// The types of the claims that stand for a recognised key (source:
// Authentication/SecurityConstants.cs).
const (
	ClaimLevel  = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel"
	ClaimInvoke = "http://schemas.microsoft.com/2017/07/functions/claims/invoke"
	ClaimKeyID  = "http://schemas.microsoft.com/2017/07/functions/claims/keyid"
)

// A Claim is a statement about a caller.
type Claim struct{ Type, Value string }

// An Identity is what one authority says about a caller. Claims of different
// authorities stay apart: a level from one and the right to call from another do
// not add up.
type Identity []Claim

// Identity returns the claims that stand for the grant, none for the zero Grant.
func (g Grant) Identity() Identity {
	if g.Kind == NoKey {
		return nil
	}
	id := Identity{{ClaimLevel, claimText(g.Level())}}
	if g.Kind != PlatformToken && g.Kind != RestrictedToken {
		id = append(id, Claim{ClaimInvoke, "true"})
	}
	if g.Name != "" {
		id = append(id, Claim{ClaimKeyID, g.Name})
	}
	return id
}

// HasLevel reports whether the identity has a level: Anonymous always, else by a
// claim of that level or of Admin. If keyName is not "", a level other than
// Admin counts only if the first key name claimed is keyName, ignoring case.
func (id Identity) HasLevel(l Level, keyName string) bool {
	if l == Anonymous {
		return true
	}
	has := false
	for _, c := range id {
		if c.Type != ClaimLevel {
			continue
		}
		switch level, ok := claimLevel(c.Value); {
		case !ok:
		case level == Admin:
			return true
		case level == l:
			has = true
		}
	}
	return has && (keyName == "" || strings.EqualFold(id.first(ClaimKeyID), keyName))
}

// MayCall reports whether the identity may call a function of a level: it has
// the level, and claims the right to call unless the function is anonymous.
func (id Identity) MayCall(l Level) bool {
	return l == Anonymous || id.HasLevel(l, "") && slices.Contains(id, Claim{ClaimInvoke, "true"})
}

func (id Identity) first(claim string) string {
	for _, c := range id {
		if c.Type == claim {
			return c.Value
		}
	}
	return ""
}

// claimLevels are the levels in the order of the source's numbers.
var claimLevels = [...]Level{Anonymous, User, Function, System, Admin}

// claimText returns the name of a level in a claim, with a capital.
func claimText(l Level) string {
	name := l.String()
	return strings.ToUpper(name[:1]) + name[1:]
}

// claimLevel reads a level in a claim: its name, case counts, or its number.
func claimLevel(text string) (Level, bool) {
	for i, l := range claimLevels {
		if text == claimText(l) || text == string(rune('0'+i)) {
			return l, true
		}
	}
	return Anonymous, false
}
