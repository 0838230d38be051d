package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/marvin"
	"github.com/httptrigger/httptrigger/keys"
)

// The values of keys, judged by a second implementation that follows the steps
// of KY-10 to KY-23 one by one.

var ruleSeeds = map[keys.Kind]uint64{
	keys.MasterKey:   binary.BigEndian.Uint64([]byte("Master00")),
	keys.SystemKey:   binary.BigEndian.Uint64([]byte("System00")),
	keys.FunctionKey: binary.BigEndian.Uint64([]byte("Functi00")),
}

// ruleMarvin is KY-19 to KY-22.
func ruleMarvin(seed uint64, data []byte) (hash32 uint32, hash64 uint64) {
	p0, p1 := uint32(seed), uint32(seed>>32)
	mix := func() {
		p1 ^= p0
		p0 = bits.RotateLeft32(p0, 20)
		p0 += p1
		p1 = bits.RotateLeft32(p1, 9)
		p1 ^= p0
		p0 = bits.RotateLeft32(p0, 27)
		p0 += p1
		p1 = bits.RotateLeft32(p1, 19)
	}
	for len(data) >= 4 {
		p0 += uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		mix()
		data = data[4:]
	}
	tail := append(bytes.Clone(data), 0x80, 0, 0, 0)[:4]
	p0 += binary.LittleEndian.Uint32(tail)
	mix()
	mix()
	return p0 ^ p1, uint64(p1)<<32 | uint64(p0)
}

// ruleKey is KY-17 and KY-18: a key of the length of random, in base64url with
// its padding.
func ruleKey(seed uint64, random []byte) string {
	b := bytes.Clone(random)
	n := len(b)
	p := ((n - 7) * 8) % 6
	if n > 7 {
		old := binary.BigEndian.Uint32(b[n-8 : n-4])
		low := uint32(1)<<p - 1
		binary.BigEndian.PutUint32(b[n-8:], old&^(0xffffff<<p|low)|0x03316e<<p)
	} else {
		copy(b, []byte{0x03, 0x31, 0x6e})
	}
	sum, _ := ruleMarvin(seed, b[:n-4])
	binary.LittleEndian.PutUint32(b[n-4:], sum)
	return base64.URLEncoding.EncodeToString(b)
}

// ruleValid is KY-23.
func ruleValid(seed uint64, text string) bool {
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(text)
	if !strings.HasSuffix(standard, "=") {
		standard += strings.Repeat("=", (4-len(standard)%4)%4)
	}
	// The decoder passes over white space, and does not mind spare bits.
	standard = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(standard)
	b, err := base64.StdEncoding.DecodeString(standard)
	n := len(b)
	if err != nil || n < 4 {
		return false
	}
	if sum, _ := ruleMarvin(seed, b[:n-4]); sum != binary.LittleEndian.Uint32(b[n-4:]) {
		return false
	}
	bare := strings.TrimRight(text, "=")
	if len(bare) < 10 || bare[len(bare)-10:len(bare)-6] != "AzFu" {
		return false
	}
	const c = "[A-Za-z0-9_-]"
	tail := []string{c + "{5}[AQgw]", "[A-P]" + c + "{5}", "[A-D]" + c + "{5}"}[((n-7)*8%6+6)%6/2]
	pattern := fmt.Sprintf(`\A%s{%d}AzFu%s={%d}\z`, c, len(bare)-10, tail, len(text)-len(bare))
	return regexp.MustCompile(pattern).MatchString(text)
}

func TestRuleMarvin(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 22))
	for i := range 20_000 {
		seed, data := r.Uint64(), make([]byte, i%70)
		for j := range data {
			data[j] = byte(r.Uint32())
		}
		want32, want64 := ruleMarvin(seed, data)
		if got32, got64 := marvin.Sum32(seed, data), marvin.Sum64(seed, data); got32 != want32 || got64 != want64 {
			t.Fatalf("Marvin(%#x, %x) = %#x, %#x, want %#x, %#x", seed, data, got32, got64, want32, want64)
		}
	}
}

func TestRuleGenerated(t *testing.T) {
	shape := regexp.MustCompile(`\A[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==\z`) // KY-14
	r := rand.New(rand.NewPCG(10, 18))
	seen := map[string]bool{}
	for kind, seed := range ruleSeeds {
		for range 500 {
			var random [40]byte
			for i := range random {
				random[i] = byte(r.Uint32())
			}
			made := keys.Mint(kind, random).Reveal()
			if want := ruleKey(seed, random[:]); made != want {
				t.Fatalf("Mint(%s, %x) = %s, want %s", kind, random, made, want)
			}
			for _, text := range []string{made, keys.Generate(kind).Reveal()} {
				if seen[text] || !shape.MatchString(text) {
					t.Fatalf("%s key %s: seen before %t, or not of the shape", kind, text, seen[text])
				}
				seen[text] = true
				for other, otherSeed := range ruleSeeds {
					if got, want := keys.Validate(other, text), other == kind; got != want || ruleValid(otherSeed, text) != want {
						t.Fatalf("Validate(%s, %s key) = %t, want %t", other, kind, got, want)
					}
					if got := keys.Generated(other, text); got != (other == kind) {
						t.Fatalf("Generated(%s, %s key) = %t", other, kind, got)
					}
				}
				if keys.Generated(kind, strings.TrimRight(text, "=")) {
					t.Fatalf("Generated(%s without padding)", text)
				}
			}
		}
	}
}

// damages are the ways in which a text is changed before it is judged.
var damages = []func(r *rand.Rand, s string) string{
	func(_ *rand.Rand, s string) string { return s },
	func(_ *rand.Rand, s string) string { return strings.TrimRight(s, "=") },
	func(_ *rand.Rand, s string) string { return strings.TrimRight(s, "=") + "=" },
	func(_ *rand.Rand, s string) string { return s + "=" },
	func(r *rand.Rand, s string) string { return put1(r, s, "=", false) },
	func(r *rand.Rand, s string) string { return put1(r, s, "=", true) },
	func(_ *rand.Rand, s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) },
	func(_ *rand.Rand, s string) string { return strings.ToLower(s) },
	func(_ *rand.Rand, s string) string { return strings.ToUpper(s) },
	func(r *rand.Rand, s string) string { return put1(r, s, "AQgwBCDPazZ09-_", true) },
	func(r *rand.Rand, s string) string { return put1(r, s, "AQgwBCDPazZ09-_", false) },
	func(r *rand.Rand, s string) string { return put1(r, s, " \t\r\n\v\f\x00+/.", false) },
	func(r *rand.Rand, s string) string { return put1(r, s, " \t\r\n\v\f\x00+/.", true) },
	func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[:i] + s[i+1:] },
	func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[i:] },
	func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[:i] },
	func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[:i] + "\u200b" + s[i:] },
	func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[:i] + "é" + s[i:] },
	func(_ *rand.Rand, s string) string { return "AAAA" + s },
	func(_ *rand.Rand, s string) string { return s + s },
	func(_ *rand.Rand, s string) string { return strings.Replace(s, "AzFu", "azfu", 1) },
	// The last character that has spare bits gets them set.
	func(r *rand.Rand, s string) string {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		bare := strings.TrimRight(s, "=")
		i := strings.IndexByte(alphabet, bare[len(bare)-1]) + r.IntN(16)
		return bare[:len(bare)-1] + alphabet[i%64:i%64+1] + s[len(bare):]
	},
}

// put1 puts one of chars somewhere into s, or in the place of another.
func put1(r *rand.Rand, s, chars string, replace bool) string {
	i, c := r.IntN(len(s)), chars[r.IntN(len(chars))]
	rest := s[i:]
	if replace {
		rest = rest[1:]
	}
	return s[:i] + string(c) + rest
}

// TestRuleValidate takes keys of all lengths, one seed and another, with up to
// two damages.
func TestRuleValidate(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 1))
	valid := 0
	for i := range 60_000 {
		random := make([]byte, 7+i%80)
		for j := range random {
			random[j] = byte(r.Uint32())
		}
		kind := []keys.Kind{keys.MasterKey, keys.SystemKey, keys.FunctionKey}[r.IntN(3)]
		seed := ruleSeeds[kind]
		text := ruleKey(seed, random)
		for range r.IntN(3) {
			if text != "" {
				text = damages[r.IntN(len(damages))](r, text)
			}
		}
		if r.IntN(20) == 0 {
			kind = keys.SystemKey
			seed = ruleSeeds[kind]
		}
		want := ruleValid(seed, text)
		if want {
			valid++
		}
		if got := keys.Validate(kind, text); got != want {
			t.Errorf("Validate(%s, %q) = %t, want %t", kind, text, got, want)
		}
	}
	if valid < 20_000 || valid > 45_000 {
		t.Errorf("%d of 60,000 were valid: not worth the name of a test", valid)
	}
	for _, text := range []string{"", "=", "==", "A", "AAAA", "AzFu", "AzFuAAAAAA==", strings.Repeat("A", 100_000), "\xff\xfe"} {
		for kind, seed := range ruleSeeds {
			if got, want := keys.Validate(kind, text), ruleValid(seed, text); got != want {
				t.Errorf("Validate(%s, %.20q) = %t, want %t", kind, text, got, want)
			}
		}
	}
	if keys.Validate(keys.NoKey, ruleKey(ruleSeeds[keys.FunctionKey], make([]byte, 40))) {
		t.Error("a value is valid for no kind at all")
	}
}
