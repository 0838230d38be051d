// Package dataprotection seals and opens payloads as ASP.NET Core Data
// Protection does with AES-CBC and HMAC-SHA256 (source: dotnet/aspnetcore,
// src/DataProtection, ManagedAuthenticatedEncryptor).
package dataprotection

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
)

// Sizes of the parts of a payload, in bytes.
const (
	ModifierSize = 16
	ivSize       = aes.BlockSize
	tagSize      = sha256.Size
	keySize      = 32 // AES-256
	minSize      = ModifierSize + ivSize + aes.BlockSize + tagSize
)

// ErrDamaged is a payload that is not whole, was changed, or was sealed with
// another key or other additional data.
var ErrDamaged = errors.New("dataprotection: the payload does not fit the key")

// Seal encrypts plain under a master key. The payload is the modifier, the IV,
// the ciphertext and the tag; modifier and iv are random, once each.
func Seal(master, additional []byte, modifier, iv [16]byte, plain []byte) []byte {
	block, mac := subkeys(master, additional, append(ContextHeader(keySize), modifier[:]...), keySize)
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	out := make([]byte, ModifierSize+ivSize+len(plain)+pad, ModifierSize+ivSize+len(plain)+pad+tagSize)
	copy(out, modifier[:])
	copy(out[ModifierSize:], iv[:])
	body := out[ModifierSize+ivSize:]
	copy(body, plain)
	for i := len(plain); i < len(body); i++ {
		body[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(body, body)
	return append(out, tag(mac, out[ModifierSize:])...)
}

// Open decrypts a payload. The tag is checked before anything is decrypted.
func Open(master, additional, payload []byte) ([]byte, error) {
	if len(payload) < minSize || (len(payload)-ModifierSize-ivSize-tagSize)%aes.BlockSize != 0 {
		return nil, ErrDamaged
	}
	modifier, rest := payload[:ModifierSize], payload[ModifierSize:]
	signed, want := rest[:len(rest)-tagSize], rest[len(rest)-tagSize:]
	block, mac := subkeys(master, additional, append(ContextHeader(keySize), modifier...), keySize)
	if !hmac.Equal(tag(mac, signed), want) {
		return nil, ErrDamaged
	}
	plain := append([]byte(nil), signed[ivSize:]...)
	cipher.NewCBCDecrypter(block, signed[:ivSize]).CryptBlocks(plain, plain)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, ErrDamaged
	}
	return plain[:len(plain)-pad], nil
}

// ContextHeader describes the algorithms, for AES keys of 24 or 32 bytes: their
// sizes, and what they make of the empty text under an empty master key.
func ContextHeader(aesKey int) []byte {
	header := make([]byte, 2, 66)
	for _, size := range []int{aesKey, aes.BlockSize, sha256.Size, tagSize} {
		header = binary.BigEndian.AppendUint32(header, uint32(size))
	}
	block, mac := subkeys(nil, nil, nil, aesKey)
	empty := make([]byte, aes.BlockSize)
	for i := range empty {
		empty[i] = aes.BlockSize // the padding of the empty text
	}
	cipher.NewCBCEncrypter(block, make([]byte, ivSize)).CryptBlocks(empty, empty)
	return append(append(header, empty...), tag(mac, nil)...)
}

func tag(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// subkeys derives the AES and the HMAC key by SP800-108 in counter mode with
// HMAC-SHA512.
func subkeys(master, label, context []byte, aesKey int) (cipher.Block, []byte) {
	size := aesKey + sha256.Size
	out := make([]byte, 0, 2*sha512.Size)
	for i := uint32(1); len(out) < size; i++ {
		h := hmac.New(sha512.New, master)
		h.Write(binary.BigEndian.AppendUint32(nil, i))
		h.Write(label)
		h.Write([]byte{0})
		h.Write(context)
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(size*8)))
		out = h.Sum(out)
	}
	block, err := aes.NewCipher(out[:aesKey])
	if err != nil {
		panic("dataprotection: " + err.Error()) // the key size is this package's
	}
	return block, out[aesKey:size]
}
