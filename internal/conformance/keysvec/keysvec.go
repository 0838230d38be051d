// Package keysvec puts key vectors to the keys packages, in their Compat
// profile; those about who may call what in the default profile too, unless the
// vector says that it shows a quirk.
package keysvec

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/keys"
)

type file struct {
	Auth             *auth             `json:"auth"`
	AdminAPI         *adminAPI         `json:"adminApi"`
	Identifiable     *identifiable     `json:"identifiable"`
	Documents        *documents        `json:"documents"`
	Names            *names            `json:"names"`
	Encryption       *encryption       `json:"encryption"`
	RepositoryChoice *repositoryChoice `json:"repositoryChoice"`

	Title       json.RawMessage `json:"title"`
	Spec        json.RawMessage `json:"spec"`
	Sources     json.RawMessage `json:"sources"`
	Conventions json.RawMessage `json:"conventions"`
}

type auth struct {
	Fixtures  map[string]fixture `json:"fixtures"`
	Groups    []authGroup        `json:"groups"`
	Claims    *claims            `json:"claims"`
	Sequences []sequence         `json:"sequences"`
	Tokens    struct {
		Rows []tokenRow `json:"rows"`
	} `json:"tokens"`
	AdminIsolation struct {
		Rows []isolationRow `json:"rows"`
	} `json:"adminIsolation"`
	ARMBridge *armBridge `json:"armBridge"`
}

// Run puts every vector of a file to the library.
func Run(r *vec.Report, f *vec.File) error {
	var in file
	if err := json.Unmarshal(f.Data, &in); err != nil {
		return err
	}
	run := &runner{r}
	run.unknown(f.Data)
	if a := in.Auth; a != nil {
		for _, g := range a.Groups {
			for _, row := range g.Rows {
				run.auth(a.Fixtures, row)
			}
		}
		if a.Claims != nil {
			for _, row := range a.Claims.Rows {
				run.claim(row)
			}
		}
		for _, s := range a.Sequences {
			run.sequence(a.Fixtures, s)
		}
		for _, row := range a.Tokens.Rows {
			run.token(row)
		}
		for _, row := range a.AdminIsolation.Rows {
			run.isolation(row)
		}
		if a.ARMBridge != nil {
			run.bridge(a.ARMBridge, a.Fixtures)
		}
	}
	if in.AdminAPI != nil {
		for _, row := range in.AdminAPI.Rows {
			run.api(in.AdminAPI, in.Auth, row)
		}
	}
	run.identifiable(in.Identifiable)
	run.documents(in.Documents)
	run.names(in.Names)
	run.encryption(in.Encryption)
	run.repository(in.RepositoryChoice)
	return nil
}

// runner reports outcomes.
type runner struct{ *vec.Report }

// check reports a pass if want is got, else a failure.
func (r *runner) check(group, id string, got, want any) {
	if g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); g != w {
		r.Fail(group, id, "want %s, got %s", w, g)
		return
	}
	r.Pass(group)
}

// unknown reports sections that this package does not know.
func (r *runner) unknown(data []byte) {
	known := map[string]string{
		"":     " auth adminApi identifiable documents names encryption repositoryChoice title spec sources conventions ",
		"auth": " fixtures groups claims sequences tokens adminIsolation armBridge ",
		"identifiable": " signature signatureBytesHex keyBytes encodedLength seeds seedDerivation marvin generate generateNote" +
			" validate verifiedLegend otherServices ",
		"names":      " sources keyVaultNormalize keyVaultSecrets keyVaultDenormalize kubernetes blob files snapshots webhookKeyName ",
		"encryption": " sources contextHeaderAes256CbcHmacSha256Hex contextHeaderAes192CbcHmacSha256Hex contextHeaderVerified encryptor protected decryptionKeyId ",
	}
	var top map[string]json.RawMessage
	json.Unmarshal(data, &top)
	for section, names := range known {
		members := top
		if section != "" {
			members = nil
			json.Unmarshal(top[section], &members)
		}
		for name := range members {
			if !strings.Contains(names, " "+name+" ") {
				r.NotBuilt("keys/unknown", section+"/"+name, "no runner for this section")
			}
		}
	}
}

// kindOf returns the kind that a seed is named by.
func kindOf(seed string) (keys.Kind, bool) {
	switch seed {
	case "master":
		return keys.MasterKey, true
	case "system":
		return keys.SystemKey, true
	case "function":
		return keys.FunctionKey, true
	}
	return keys.NoKey, false
}
