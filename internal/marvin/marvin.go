// Package marvin computes Marvin32, the keyed checksum that identifiable keys
// carry (source: Marvin.cs of microsoft/security-utilities 1.3.0).
package marvin

import (
	"encoding/binary"
	"math/bits"
)

// Sum32 returns the checksum of 32 bits.
func Sum32(seed uint64, data []byte) uint32 {
	hi, lo := sum(seed, data)
	return hi ^ lo
}

// Sum64 returns the checksum of 64 bits.
func Sum64(seed uint64, data []byte) uint64 {
	hi, lo := sum(seed, data)
	return uint64(hi)<<32 | uint64(lo)
}

func sum(seed uint64, data []byte) (hi, lo uint32) {
	p0, p1 := uint32(seed), uint32(seed>>32)
	for ; len(data) >= 4; data = data[4:] {
		p0, p1 = mix(p0+binary.LittleEndian.Uint32(data), p1)
	}
	tail := uint32(0x80) << (8 * len(data))
	for i, c := range data {
		tail |= uint32(c) << (8 * i)
	}
	p0, p1 = mix(p0+tail, p1)
	p0, p1 = mix(p0, p1)
	return p1, p0
}

func mix(p0, p1 uint32) (uint32, uint32) {
	p1 ^= p0
	p0 = bits.RotateLeft32(p0, 20) + p1
	p1 = bits.RotateLeft32(p1, 9) ^ p0
	p0 = bits.RotateLeft32(p0, 27) + p1
	p1 = bits.RotateLeft32(p1, 19)
	return p0, p1
}
