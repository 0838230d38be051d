package keysvec

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/marvin"
	"github.com/httptrigger/httptrigger/keys"
)

type identifiable struct {
	Marvin []struct {
		ID      string `json:"id"`
		Seed    string `json:"seed"`
		DataHex string `json:"dataHex"`
		Hash64  string `json:"hash64"`
		Hash32  string `json:"hash32"`
	} `json:"marvin"`
	Generate []struct {
		ID          string `json:"id"`
		Seed        string `json:"seed"`
		RandomHex   string `json:"randomHex"`
		KeyBytesHex string `json:"keyBytesHex"`
		ChecksumHex string `json:"checksumHex"`
		Key         string `json:"key"`
	} `json:"generate"`
	Validate []struct {
		ID     string `json:"id"`
		Seed   string `json:"seed"`
		Key    string `json:"key"`
		Expect bool   `json:"expect"`
	} `json:"validate"`
	OtherServices []struct {
		Key  string `json:"key"`
		Seed string `json:"seed"`
		Note string `json:"note"`
	} `json:"otherServices"`
}

func (r *runner) identifiable(in *identifiable) {
	if in == nil {
		return
	}
	for _, row := range in.Marvin {
		const group = "keys/marvin"
		seed, err1 := strconv.ParseUint(row.Seed, 0, 64)
		data, err2 := hex.DecodeString(row.DataHex)
		if err1 != nil || err2 != nil {
			r.Fail(group, row.ID, "%v, %v", err1, err2)
			continue
		}
		got := []string{fmt.Sprintf("0x%016x", marvin.Sum64(seed, data)), fmt.Sprintf("0x%08x", marvin.Sum32(seed, data))}
		want := []string{row.Hash64, row.Hash32}
		for i := range want {
			if want[i] == "" {
				want[i] = got[i]
			}
		}
		r.check(group, row.ID, got, want)
	}
	for _, row := range in.Generate {
		const group = "keys/generate"
		kind, ok := kindOf(row.Seed)
		random, err := hex.DecodeString(row.RandomHex)
		if !ok || err != nil || len(random) != 40 {
			r.NotBuilt(group, row.ID, "seed "+row.Seed+" with other than 40 random bytes")
			continue
		}
		key := keys.Mint(kind, [40]byte(random)).Reveal()
		data, _ := base64.URLEncoding.DecodeString(key)
		got := []any{key, hex.EncodeToString(data), hex.EncodeToString(data[36:]), keys.Generated(kind, key)}
		r.check(group, row.ID, got, []any{row.Key, row.KeyBytesHex, row.ChecksumHex, true})
	}
	for _, row := range in.Validate {
		const group = "keys/validate"
		kind, ok := kindOf(row.Seed)
		if !ok {
			r.NotBuilt(group, row.ID, "seed "+row.Seed)
			continue
		}
		r.check(group, row.ID, keys.Validate(kind, row.Key), row.Expect)
	}
	for _, row := range in.OtherServices {
		const group = "keys/marvin"
		seed, err1 := strconv.ParseUint(row.Seed, 0, 64)
		data, err2 := base64.StdEncoding.DecodeString(row.Key)
		if err1 != nil || err2 != nil || len(data) < 4 {
			r.Fail(group, row.Note, "%v, %v", err1, err2)
			continue
		}
		n := len(data) - 4
		r.check(group, row.Note, marvin.Sum32(seed, data[:n]), binary.LittleEndian.Uint32(data[n:]))
	}
}

// environment is a set of settings; null is one that is not set.
type environment map[string]*string

func (e environment) settings() map[string]string {
	out := map[string]string{}
	for name, value := range e {
		if value != nil {
			out[name] = *value
		}
	}
	return out
}

// scopeOf returns the scope and the kind that a text such as "system key" names.
func scopeOf(text, function string) (keys.Scope, keys.Kind, bool) {
	switch {
	case text == "master":
		return keys.HostScope(), keys.MasterKey, true
	case text == "system key":
		return keys.HostScope(), keys.SystemKey, true
	case text == "host function key" || text == "host":
		return keys.HostScope(), keys.FunctionKey, true
	case strings.HasPrefix(text, "function"):
		return keys.FunctionScope(function), keys.FunctionKey, true
	}
	return keys.Scope{}, keys.NoKey, false
}
