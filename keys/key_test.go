package keys_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

func TestGenerate(t *testing.T) {
	for _, kind := range []keys.Kind{keys.MasterKey, keys.SystemKey, keys.FunctionKey} {
		text := keys.Generate(kind).Reveal()
		if !keys.Generated(kind, text) || !keys.Validate(kind, text) {
			t.Errorf("%s: %d characters generated that are not valid", kind, len(text))
		}
		for _, other := range []keys.Kind{keys.MasterKey, keys.SystemKey, keys.FunctionKey} {
			if other != kind && keys.Validate(other, text) {
				t.Errorf("a %s key is valid as %s key", kind, other)
			}
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	const text = "sentinel-value"
	key := keys.Key{Name: "default", Value: keys.NewSecret(text)}
	set := keys.Set{Function: []keys.Key{key}, Master: key}
	set.System = []keys.Key{set.Hashed(key)}
	type hidden struct {
		inner keys.Secret
		key   keys.Key
		set   *keys.Set
	}
	var log strings.Builder
	for _, v := range []any{key.Value, key, &key, set, &set, hidden{key.Value, key, &set}, []keys.Secret{key.Value}, map[string]keys.Key{"a": key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, text) || strings.Contains(got, fmt.Sprintf("%x", text)) {
				t.Errorf("%s of %T shows the value: %s", verb, v, got)
			}
		}
		if encoded, err := json.Marshal(v); err == nil && strings.Contains(string(encoded), text) {
			t.Errorf("JSON of %T shows the value: %s", v, encoded)
		}
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	}
	if strings.Contains(log.String(), text) {
		t.Errorf("a log shows the value: %s", log.String())
	}
}

func TestSetPut(t *testing.T) {
	var set keys.Set
	put := func(name string) bool { return set.Put(keys.FunctionKey, keys.Key{Name: name}) }
	if put("a") || put("b") {
		t.Error("new names were reported as replaced")
	}
	if !put("A") {
		t.Error("another casing of a name was not reported as replaced")
	}
	if got := fmt.Sprint(set); !strings.Contains(got, `["b" "A"]`) {
		t.Errorf("after renewing a: %s, want it last and in the new casing", got)
	}
	if !set.Remove(keys.FunctionKey, "B") || set.Remove(keys.FunctionKey, "b") {
		t.Error("Remove does not report what was there")
	}
}

func TestValidateName(t *testing.T) {
	for _, name := range []string{"default", "a b", "ключ", "日本", strings.Repeat("x", 128), "_key1"} {
		if err := keys.ValidateName(name); err != nil {
			t.Errorf("ValidateName(%q) = %v", name, err)
		}
	}
	for _, name := range []string{"", "_master", "_MASTER", "Master", "a/b", "a\nb", "\x00", "\xff", strings.Repeat("x", 129)} {
		if keys.ValidateName(name) == nil {
			t.Errorf("ValidateName(%q) = nil", name)
		}
	}
}

func TestScopeValidate(t *testing.T) {
	for _, name := range []string{"", "orders", "Orders_2", "a-b", "función"} {
		if err := keys.FunctionScope(name).Validate(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"host", "HOST", "..", "a/b", `a\b`, "a.b", "a b", "\x00", "\xff", strings.Repeat("x", 129)} {
		if keys.FunctionScope(name).Validate() == nil {
			t.Errorf("%q: valid", name)
		}
	}
	if keys.FunctionScope("Orders") != keys.FunctionScope("orders") {
		t.Error("scopes differ by case")
	}
}

func TestHash(t *testing.T) {
	var set keys.Set
	value := keys.NewSecret("a value of a key")
	first := set.Hashed(keys.Key{Name: "a", Value: value})
	if !first.Value.IsZero() || !first.Hash.Matches(value) || first.Hash.Matches(keys.NewSecret("another")) {
		t.Error("a hash does not tell its value from others")
	}
	again, err := keys.ParseHash(first.Hash.Encode())
	if err != nil || again != first.Hash {
		t.Errorf("ParseHash(Encode) = %v, %v", again, err)
	}
	good := first.Hash.Encode()
	const salt, sum = len("sha256:"), len("sha256:") + 22 + 1
	for _, tt := range []struct{ name, text string }{
		{"empty", ""},
		{"one part", "sha256"},
		{"empty parts", "sha256::"},
		{"too long", good + "x"},
		{"another hash", strings.Replace(good, "256", "512", 1)},
		{"not base64", good[:salt] + "*" + good[salt+1:]},
		{"CR in the salt", good[:salt] + "\r" + good[salt+1:]},
		{"LF in the salt", good[:salt] + "\n" + good[salt+1:]},
		{"CRLF ends the salt", good[:sum-3] + "\r\n" + good[sum-1:]},
		{"CR begins the sum", good[:sum] + "\r" + good[sum+1:]},
		{"LF ends the sum", good[:len(good)-1] + "\n"},
		{"LF in the place of the colon", good[:sum-1] + "\n" + good[sum:]},
		{"a salt of line breaks", good[:salt] + strings.Repeat("\n", 22) + good[sum-1:]},
	} {
		if h, err := keys.ParseHash(tt.text); err == nil || !h.IsZero() {
			t.Errorf("%s: ParseHash = %v, %v, want an error and no hash", tt.name, h, err)
		}
	}
	if (keys.Hash{}).Matches(keys.Secret{}) {
		t.Error("the zero hash matches")
	}
}
