package oidctrigger

import (
	"bytes"
	"encoding/json"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/httptrigger/httptrigger/trigger"
)

// principal makes a user of a verified token.
func (v *Verifier) principal(t *oidc.IDToken) (*trigger.Principal, error) {
	var payload json.RawMessage
	if t.Claims(&payload) != nil {
		return nil, &TokenError{Reason: "claims that make no sense"}
	}
	claims, ok := readClaims(payload)
	if !ok {
		return nil, &TokenError{Reason: "claims that make no sense"}
	}
	p := &trigger.Principal{Provider: v.config.Provider, NameType: v.config.NameClaim, RoleType: v.config.RoleClaim}
	if t.Subject != "" {
		p.Claims = append(p.Claims, trigger.Claim{Type: trigger.ClaimID, Value: t.Subject})
	}
	p.Claims = append(p.Claims, claims...)
	return p, nil
}

// readClaims reads the members of a JSON object in their order.
func readClaims(payload []byte) ([]trigger.Claim, bool) {
	d := json.NewDecoder(bytes.NewReader(payload))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	var claims []trigger.Claim
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		var list []json.RawMessage
		if value[0] != '[' {
			list = []json.RawMessage{value}
		} else if json.Unmarshal(value, &list) != nil {
			return nil, false
		}
		for _, entry := range list {
			if text, ok := claimText(entry); ok {
				claims = append(claims, trigger.Claim{Type: name.(string), Value: text})
			}
		}
	}
	return claims, true
}

// claimText returns a text as it is and any other JSON as it is spelled; null is
// nothing.
func claimText(value json.RawMessage) (string, bool) {
	switch value[0] {
	case 'n':
		return "", false
	case '"':
		var text string
		return text, json.Unmarshal(value, &text) == nil
	case '{', '[':
		var b bytes.Buffer
		if json.Compact(&b, value) != nil {
			return "", false
		}
		return b.String(), true
	}
	return string(value), true
}
