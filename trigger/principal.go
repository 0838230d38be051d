package trigger

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// PrincipalFromHeader reads the user that the platform describes in a request's
// header, nil if none. It believes what it reads: whoever can send the header
// can be anybody.
//
// X-MS-CLIENT-PRINCIPAL holds base64 of JSON in one of two shapes, that of App
// Service (auth_typ, name_typ, role_typ, claims) or that of Static Web Apps
// (identityProvider, userId, userDetails, userRoles); the first value counts.
// X-MS-CLIENT-PRINCIPAL-ID, -NAME and -IDP fill in what it leaves open, or stand
// alone (ClaimsIdentitySlim.cs, StaticWebAppsClientPrincipal.cs). An error says
// that the header is there and makes no sense; claims that make none are left
// out.
func PrincipalFromHeader(h http.Header) (*Principal, error) {
	p, err := parsePrincipal(h.Get("X-Ms-Client-Principal"), false)
	if p == nil && err == nil && h.Get("X-Ms-Client-Principal-Id") != "" {
		p = &Principal{NameType: ClaimName, RoleType: ClaimRole}
	}
	if p == nil {
		return nil, err
	}
	if p.Provider == "" {
		p.Provider = h.Get("X-Ms-Client-Principal-Idp")
	}
	p.id, p.name = h.Get("X-Ms-Client-Principal-Id"), h.Get("X-Ms-Client-Principal-Name")
	const token = "X-Ms-Token-"
	for name, values := range h {
		if hasPrefixFold(name, token) && len(values) > 0 {
			if p.tokens == nil {
				p.tokens = map[string]string{}
			}
			p.tokens[strings.ToLower(name[len(token):])] = values[0]
		}
	}
	return p, err
}

// errPrincipal is a client principal that makes no sense.
var errPrincipal = errors.New("trigger: X-MS-CLIENT-PRINCIPAL: makes no sense")

// parsePrincipal reads one value. In Compat what the reference's code stumbles
// over is an error, and what it passes over in silence is nobody.
func parsePrincipal(value string, compat bool) (*Principal, error) {
	if value == "" {
		return nil, nil
	}
	text, err := decodeBase64(value, compat)
	if err != nil {
		return nil, fmt.Errorf("%w: no base64", errPrincipal)
	}
	if strings.TrimSpace(string(text)) == "null" {
		if compat {
			return nil, errPrincipal
		}
		return nil, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		if compat {
			return nil, nil
		}
		return nil, fmt.Errorf("%w: no JSON object", errPrincipal)
	}
	if provider := textMember(members["auth_typ"]); provider != "" {
		return claimsPrincipal(provider, members, compat)
	}
	return rolesPrincipal(members, compat)
}

// decodeBase64 takes standard base64 with blanks in it, and outside Compat also
// what is unpadded or in the alphabet for URLs.
func decodeBase64(s string, compat bool) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, s)
	if compat {
		return base64.StdEncoding.Strict().DecodeString(s)
	}
	s = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(s)
	return base64.RawStdEncoding.DecodeString(s)
}

// textMember returns a JSON text, or the spelling of a number, else "".
func textMember(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

func isNull(raw json.RawMessage) bool { return raw == nil || string(raw) == "null" }

// claimsPrincipal reads the shape of App Service.
func claimsPrincipal(provider string, members map[string]json.RawMessage, compat bool) (*Principal, error) {
	p := &Principal{
		Provider: provider,
		NameType: orDefault(textMember(members["name_typ"]), ClaimName),
		RoleType: orDefault(textMember(members["role_typ"]), ClaimRole),
	}
	if isNull(members["claims"]) {
		if compat {
			return nil, errPrincipal
		}
		return p, nil
	}
	var claims []map[string]json.RawMessage
	if json.Unmarshal(members["claims"], &claims) != nil {
		if compat {
			return nil, nil
		}
		return p, nil
	}
	for _, c := range claims {
		switch {
		case c == nil && compat:
			return nil, nil
		case isNull(c["typ"]) || isNull(c["val"]):
			if compat {
				return nil, errPrincipal
			}
		default:
			p.Claims = append(p.Claims, Claim{textMember(c["typ"]), textMember(c["val"])})
		}
	}
	return p, nil
}

// rolesPrincipal reads the shape of Static Web Apps.
func rolesPrincipal(members map[string]json.RawMessage, compat bool) (*Principal, error) {
	any := false
	for _, name := range []string{"identityProvider", "userId", "userDetails", "userRoles"} {
		any = any || !isNull(members[name])
	}
	if !any {
		return nil, nil
	}
	var roles []*string
	err := json.Unmarshal(members["userRoles"], &roles)
	if compat && (isNull(members["userId"]) || isNull(members["userDetails"]) || isNull(members["userRoles"]) || err != nil) {
		return nil, errPrincipal
	}
	p := &Principal{Provider: textMember(members["identityProvider"]), NameType: ClaimName, RoleType: ClaimRole}
	if !isNull(members["userId"]) {
		p.Claims = append(p.Claims, Claim{ClaimID, textMember(members["userId"])})
	}
	if !isNull(members["userDetails"]) {
		p.Claims = append(p.Claims, Claim{ClaimName, textMember(members["userDetails"])})
	}
	for _, role := range roles {
		if role == nil {
			if compat {
				return nil, errPrincipal
			}
			continue
		}
		p.Claims = append(p.Claims, Claim{ClaimRole, *role})
	}
	return p, nil
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
