package atrest_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// ruleProtect is KY-123 to KY-127 step by step.
func ruleProtect(t *testing.T, master []byte, id string, modifier, iv []byte, plain string) string {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil {
		t.Fatal(err)
	}
	guid := []byte{raw[3], raw[2], raw[1], raw[0], raw[5], raw[4], raw[7], raw[6]}
	guid = append(guid, raw[8:]...)
	magic := []byte{0x09, 0xf0, 0xc9, 0xf0}
	aad := bytes.Join([][]byte{magic, guid, {0, 0, 0, 1}, {16}, []byte("function-secrets")}, nil)
	header, err := hex.DecodeString("0000" + "00000020" + "00000010" + "00000020" + "00000020" +
		"ea10387ac9273b7fd5321177776f1530" + "f946d3c71d60dd7b287366d81cb03fe5e5a701fa16f1554f1581fddd576ce844")
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha512.New, master)
	mac.Write(bytes.Join([][]byte{{0, 0, 0, 1}, aad, {0}, header, modifier, {0, 0, 2, 0}}, nil)) // 512 bits: one block
	derived := mac.Sum(nil)
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		t.Fatal(err)
	}
	n := 16 - len(plain)%16
	body := append([]byte(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
	tag := hmac.New(sha256.New, derived[32:])
	tag.Write(iv)
	tag.Write(body)
	return base64.RawURLEncoding.EncodeToString(bytes.Join([][]byte{magic, guid, modifier, iv, body, tag.Sum(nil)}, nil))
}

// TestRuleProtected opens what the rules make with keys, values and IDs of all
// sizes, and refuses it with any bit flipped, with another key, or under another
// ID.
func TestRuleProtected(t *testing.T) {
	r := rand.New(rand.NewPCG(123, 127))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	for _, size := range []int{1, 2, 16, 24, 31, 32, 33, 64, 127, 128, 129, 300} {
		for _, value := range []string{"", "x", strings.Repeat("v", 15), strings.Repeat("v", 16), strings.Repeat("v", 56), strings.Repeat("ключ", 500)} {
			id, master := uuid.UUID(random(16)), random(size)
			if size == 32 {
				id = uuid.UUID{}
			}
			ring, err := atrest.NewRing(atrest.RingKey{ID: id, Key: keys.NewSecret(string(master))})
			if err != nil {
				t.Fatal(err)
			}
			text := ruleProtect(t, master, id.String(), random(16), random(16), value)
			got, stale, err := ring.Unprotect(keydoc.Place{}, text)
			if err != nil || stale || got != value {
				t.Errorf("key of %d bytes, value of %d: %.20q, %t, %v", size, len(value), got, stale, err)
			}
			if !strings.HasPrefix(text, "CfDJ8") || size == 32 && !strings.HasPrefix(text, "CfDJ8"+strings.Repeat("A", 21)) || len(value) == 56 && len(text) != 198 {
				t.Errorf("%.30s of %d characters", text, len(text))
			}
			made, err := ring.Protect(keydoc.Place{}, value)
			if err != nil || len(made) != len(text) || made[:26] != text[:26] {
				t.Errorf("Protect = %.30s of %d characters, %v, want %.30s of %d", made, len(made), err, text, len(text))
			}
			data, err := base64.RawURLEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			for range 100 {
				i := r.IntN(len(data) * 8)
				data[i/8] ^= 1 << (i % 8)
				if got, _, err := ring.Unprotect(keydoc.Place{}, base64.RawURLEncoding.EncodeToString(data)); err == nil {
					t.Errorf("bit %d flipped: opened as %.20q", i, got)
				}
				data[i/8] ^= 1 << (i % 8)
			}
			for _, bad := range []string{text[:len(text)-1], text + "A", text + "=", text[1:], "", "CfDJ8", strings.ToLower(text), base64.StdEncoding.EncodeToString(data) + "!"} {
				if _, _, err := ring.Unprotect(keydoc.Place{}, bad); err == nil {
					t.Errorf("%.40q: opened", bad)
				}
			}
			other, err := atrest.NewRing(atrest.RingKey{ID: id, Key: keys.NewSecret(string(append(master, 1)))}, atrest.RingKey{ID: uuid.UUID(random(16)), Key: keys.NewSecret(string(master))})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := other.Unprotect(keydoc.Place{}, text); !errors.Is(err, atrest.ErrDamaged) {
				t.Errorf("another key: %v, want ErrDamaged", err)
			}
		}
	}
}

// TestRuleRing is KY-129, KY-131, KY-132 and KY-94: which settings make which
// ring. Each of want is the ID of a key and its bytes, the first encrypts.
func TestRuleRing(t *testing.T) {
	const a, b, zero = "6a9dbd43-1f2c-4a0b-8f3e-0123456789ab", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000000"
	const def, machine, primary = "AzureWebEncryptionKey", "MACHINEKEY_DecryptionKey", "AzureWebPrimaryEncryptionKey"
	tests := []struct {
		name     string
		settings map[string]string
		want     [][2]string // nil is an error
	}{
		{"default", map[string]string{def: "00ff"}, [][2]string{{zero, "\x00\xff"}}},
		{"machine key", map[string]string{machine: "AbCd"}, [][2]string{{zero, "\xab\xcd"}}},
		{"default over machine key", map[string]string{machine: "AbCd", def: "01"}, [][2]string{{zero, "\x01"}}},
		{"empty default", map[string]string{machine: "AbCd", def: ""}, [][2]string{{zero, "\xab\xcd"}}},
		{"odd digit", map[string]string{def: "0102F"}, [][2]string{{zero, "\x01\x02"}}},
		{"long", map[string]string{def: strings.Repeat("5a", 200)}, [][2]string{{zero, strings.Repeat("\x5a", 200)}}},
		{"others decrypt", map[string]string{def: "01", def + "_" + a: "02"}, [][2]string{{zero, "\x01"}, {a, "\x02"}}},
		{"primary", map[string]string{def: "01", def + "_" + a: "02", def + "_" + b: "03", primary: a}, [][2]string{{a, "\x02"}, {zero, "\x01"}, {b, "\x03"}}},
		{"primary in capitals", map[string]string{def: "01", def + "_" + strings.ToUpper(a): "02", primary: strings.ToUpper(a)}, [][2]string{{a, "\x02"}, {zero, "\x01"}}},
		{"only a named one", map[string]string{def + "_" + a: "02", primary: a}, [][2]string{{a, "\x02"}}},
		{"primary is not there", map[string]string{def: "01", primary: a}, nil},
		{"primary is no GUID", map[string]string{def: "01", primary: "x"}, nil},
		{"not hexadecimal", map[string]string{def: "xy"}, nil}, {"one digit", map[string]string{def: "f"}, nil},
		{"a name that is no GUID", map[string]string{def: "01", def + "_x": "02"}, nil}, {"nothing", nil, nil},
		{"what encrypts tokens does not count", map[string]string{"WEBSITE_AUTH_ENCRYPTION_KEY": "0102"}, nil},
	}
	modifier, iv := make([]byte, 16), make([]byte, 16)
	for _, tt := range tests {
		ring, err := atrest.RingFromSettings(tt.settings)
		if err != nil || tt.want == nil {
			if (err != nil) != (tt.want == nil) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		for i, key := range tt.want {
			got, stale, err := ring.Unprotect(keydoc.Place{}, ruleProtect(t, []byte(key[1]), key[0], modifier, iv, "value"))
			if err != nil || got != "value" || stale != (i > 0) {
				t.Errorf("%s: key %s: %q, stale %t, %v", tt.name, key[0], got, stale, err)
			}
		}
	}
	id := func(setting, text string) string {
		sum := sha256.Sum256([]byte(text))
		return setting + "=" + base64.StdEncoding.EncodeToString(sum[:]) + ";"
	}
	for want, settings := range map[string]map[string]string{
		"": {def: "", machine: "", def + "_" + a: "02", "other": "x"}, id(def, "not hex é"): {def: "not hex é"}, id(machine, "b"): {machine: "b", primary: a},
		id(def, "a") + id(machine, "b"): {machine: "b", def: "a"},
	} {
		if got := atrest.DecryptionKeyID(settings); got != want {
			t.Errorf("DecryptionKeyID(%v) = %q, want %q", settings, got, want)
		}
	}
}
