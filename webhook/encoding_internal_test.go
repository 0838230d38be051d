package webhook

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// decodeHex against encoding/hex, for every byte in every place.
func TestDecodeHex(t *testing.T) {
	for size := range 21 {
		for at := range 2 * size {
			for c := range 256 {
				text := bytes.Repeat([]byte("5a"), size)
				text[at] = byte(c)
				want, err := hex.DecodeString(string(text))
				got := make([]byte, size)
				if ok := decodeHex(got, string(text)); ok != (err == nil) || ok && !bytes.Equal(got, want) {
					t.Fatalf("decodeHex(%q) = %x, %v, want %x, %v", text, got, ok, want, err)
				}
			}
		}
	}
	for _, text := range []string{"", "0", "000", "00000"} {
		if decodeHex(make([]byte, 2), text) {
			t.Errorf("decodeHex(%q) fills two bytes", text)
		}
	}
	if got := make([]byte, 4); !decodeHex(got, "DEADbeef") || !bytes.Equal(got, []byte{0xde, 0xad, 0xbe, 0xef}) {
		t.Errorf("%x", got)
	}
}
