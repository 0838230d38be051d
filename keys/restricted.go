package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// openRestricted reports whether a simple web token is good: base64 of an IV, of
// "exp=" and an expiry encrypted with AES-CBC, and of SHA-256 of the key, joined
// by dots (source: SimpleWebTokenHelper.cs). Every way in which it is not looks
// the same to its sender.
func (t *Tokens) openRestricted(text string) bool {
	if len(t.restricted) == 0 || len(text) > maxToken {
		return false
	}
	var parts [3][]byte
	n := 0
	for part := range strings.SplitSeq(text, ".") {
		data, err := base64.StdEncoding.DecodeString(part)
		if n == len(parts) || err != nil {
			return false
		}
		parts[n] = data
		n++
	}
	iv, sealed, mark := parts[0], parts[1], parts[2]
	if n != len(parts) || len(iv) != aes.BlockSize || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return false
	}
	good := false
	for _, secret := range t.restricted {
		key := []byte(secret.Reveal())
		sum := sha256.Sum256(key)
		if subtle.ConstantTimeCompare(sum[:], mark) == 1 {
			good = t.lasts(decryptCBC(key, iv, sealed)) || good
		}
	}
	return good
}

// decryptCBC returns the plain text, nil if its padding is no good.
func decryptCBC(key, iv, sealed []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("keys: " + err.Error()) // NewTokens looked at the length
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil
		}
	}
	return plain[:len(plain)-pad]
}

// lasts reports whether the text of a simple web token has an expiry that is not
// over, in 100 ns since the year 1.
func (t *Tokens) lasts(plain []byte) bool {
	for pair := range strings.SplitSeq(string(plain), "&") {
		if text, ok := strings.CutPrefix(pair, "exp="); ok {
			ticks, err := strconv.ParseInt(text, 10, 64)
			return err == nil && ticks > ticksOf(t.now())
		}
	}
	return false
}

// ticksOf returns a time in 100 ns since the year 1.
func ticksOf(at time.Time) int64 {
	const yearOne = 62135596800 // seconds before 1970
	return (at.Unix()+yearOne)*1e7 + int64(at.Nanosecond())/100
}
