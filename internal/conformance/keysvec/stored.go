package keysvec

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/dataprotection"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

type documents struct {
	Read []struct {
		ID      string  `json:"id"`
		Kind    string  `json:"kind"`
		Text    string  `json:"text"`
		Version *string `json:"version"`
		Parsed  any     `json:"parsed"`
		Error   string  `json:"error"`
	} `json:"read"`
	Written []struct {
		ID   string `json:"id"`
		Kind string `json:"kind"`
		Text string `json:"text"`
	} `json:"written"`
}

func (r *runner) documents(in *documents) {
	if in == nil {
		return
	}
	for _, row := range in.Read {
		const group = "keys/documents"
		doc, err := keydoc.Parse(row.Kind == "host", []byte(row.Text))
		switch {
		case row.Version == nil && row.Error == "":
			r.check(group, row.ID, errors.Is(err, keydoc.ErrEmpty), true)
		case row.Version == nil && strings.HasPrefix(row.Error, "Invalid secrets file format"):
			r.check(group, row.ID, errors.Is(err, keydoc.ErrFormat), true)
		case row.Version == nil:
			r.check(group, row.ID, err != nil, true)
		case err != nil:
			r.Fail(group, row.ID, "want version %s, got %v", *row.Version, err)
		case *row.Version != []string{"V0", "V1"}[doc.Version]:
			r.Fail(group, row.ID, "want version %s, got %d", *row.Version, doc.Version)
		default:
			got := parsed(row.Kind == "host", doc, row.Parsed)
			if !reflect.DeepEqual(got, row.Parsed) {
				r.Fail(group, row.ID, "want %v, got %v", row.Parsed, got)
				continue
			}
			r.Pass(group)
		}
	}
	for _, row := range in.Written {
		const group = "keys/documents"
		host := row.Kind == "host"
		doc, err := keydoc.Parse(host, []byte(row.Text))
		if err != nil {
			r.Fail(group, row.ID, "%v", err)
			continue
		}
		s := keys.HostScope()
		if !host {
			s = keys.FunctionScope("f")
		}
		codec := &keydoc.Codec{}
		set, err := codec.Decode(s, []byte(row.Text))
		codec.Origin = set.Origin
		text, err2 := codec.Encode(s, set)
		if errors.Join(err, err2) != nil {
			r.Fail(group, row.ID, "%v, %v", err, err2)
			continue
		}
		r.check(group, row.ID, []string{string(doc.Text()), string(text)}, []string{row.Text, row.Text})
	}
}

// parsed returns a document in the form of the vectors. Members that are nil are
// left out unless want has them.
func parsed(host bool, doc *keydoc.Document, want any) map[string]any {
	out := map[string]any{}
	wanted, _ := want.(map[string]any)
	set := func(name string, value any, isNil bool) {
		if _, ok := wanted[name]; ok || !isNil {
			out[name] = value
			if isNil {
				out[name] = nil
			}
		}
	}
	text := func(name string, s *string) {
		if s == nil {
			set(name, nil, true)
			return
		}
		set(name, *s, false)
	}
	if host {
		set("masterKey", entry(*doc.Master), false)
		set("functionKeys", entries(doc.Functions), doc.Functions == nil)
		set("systemKeys", entries(doc.Systems), doc.Systems == nil)
	} else {
		set("keys", entries(doc.Keys), doc.Keys == nil)
	}
	text("hostName", doc.HostName)
	text("instanceId", doc.InstanceID)
	text("source", doc.Source)
	text("decryptionKeyId", doc.DecryptionKeyID)
	return out
}

func entries(list []keydoc.Entry) any {
	out := []any{}
	for _, e := range list {
		out = append(out, entry(e))
	}
	return out
}

func entry(e keydoc.Entry) any {
	return map[string]any{"name": e.Name, "value": e.Value.Reveal(), "encrypted": e.Encrypted}
}

type names struct {
	KeyVaultNormalize   []nameRow `json:"keyVaultNormalize"`
	KeyVaultDenormalize []nameRow `json:"keyVaultDenormalize"`
	KeyVaultSecrets     []nameRow `json:"keyVaultSecrets"`
	Kubernetes          []nameRow `json:"kubernetes"`
	Blob                []nameRow `json:"blob"`
	Files               []nameRow `json:"files"`
	Snapshots           []nameRow `json:"snapshots"`
	WebhookKeyName      []nameRow `json:"webhookKeyName"`
}

type nameRow struct {
	Name, Normalized, Scope, Function, Secret, Entry, Site, Slot, Blob, File, Document, UTC, Snapshot, Extension, Key, Quirk string
}

func (r *runner) names(in *names) {
	if in == nil {
		return
	}
	const group = "keys/names"
	for _, row := range in.KeyVaultNormalize {
		r.check(group, row.Name, keydoc.KeyVaultNormalize(row.Name), row.Normalized)
	}
	for _, row := range in.KeyVaultDenormalize {
		r.check(group, row.Normalized, keydoc.KeyVaultDenormalize(row.Normalized), row.Name)
	}
	named := func(row nameRow, name func(keys.Scope, keys.Kind, string) string, want string, fold bool) {
		s, kind, ok := scopeOf(row.Scope, row.Function)
		if !ok {
			r.NotBuilt(group, want, "scope "+row.Scope)
			return
		}
		got := name(s, kind, row.Name)
		if fold && strings.EqualFold(got, want) { // the vault compares names so
			got = want
		}
		r.check(group, want, got, want)
	}
	for _, row := range in.KeyVaultSecrets {
		named(row, keydoc.KeyVaultName, row.Secret, true)
	}
	for _, row := range in.Kubernetes {
		named(row, keydoc.KubernetesName, row.Entry, false)
	}
	for _, row := range in.Blob {
		prefix := keydoc.BlobPrefix(row.Site, row.Slot)
		named(row, func(s keys.Scope, _ keys.Kind, _ string) string { return keydoc.BlobName(prefix, s) }, row.Blob, false)
	}
	for _, row := range in.Files {
		if row.Quirk == "KY-Q5" {
			r.Differs(group, row.File, "keys/file-casing")
			continue
		}
		named(row, func(s keys.Scope, _ keys.Kind, _ string) string { return keydoc.FileName(s) }, row.File, false)
	}
	for _, row := range in.Snapshots {
		at, err := time.Parse(time.RFC3339Nano, row.UTC)
		if err != nil {
			r.Fail(group, row.Snapshot, "%v", err)
			continue
		}
		r.check(group, row.Snapshot, keydoc.SnapshotName(row.Document, at), row.Snapshot)
	}
	for _, row := range in.WebhookKeyName {
		r.check(group, row.Key, keys.ExtensionKey(row.Extension), row.Key)
	}
}

type encryption struct {
	ContextHeader256 string `json:"contextHeaderAes256CbcHmacSha256Hex"`
	ContextHeader192 string `json:"contextHeaderAes192CbcHmacSha256Hex"`
	Encryptor        []struct {
		ID            string `json:"id"`
		MasterKeyUTF8 string `json:"masterKeyUtf8"`
		AADHex        string `json:"aadHex"`
		ModifierHex   string `json:"keyModifierHex"`
		IVHex         string `json:"ivHex"`
		PlainHex      string `json:"plaintextHex"`
		Output        string `json:"outputBase64"`
	} `json:"encryptor"`
	Protected []struct {
		ID          string `json:"id"`
		KeyHex      string `json:"keyHex"`
		KeyID       string `json:"keyId"`
		Purpose     string `json:"purpose"`
		AADHex      string `json:"aadHex"`
		ModifierHex string `json:"keyModifierHex"`
		IVHex       string `json:"ivHex"`
		Plain       string `json:"plaintext"`
		Bytes       int    `json:"bytes"`
		Value       string `json:"value"`
	} `json:"protected"`
	DecryptionKeyID []struct {
		Environment environment `json:"environment"`
		Value       string      `json:"value"`
	} `json:"decryptionKeyId"`
}

func (r *runner) encryption(in *encryption) {
	if in == nil {
		return
	}
	const group = "keys/encryption"
	if in.ContextHeader256 != "" {
		r.check(group, "context header", hex.EncodeToString(dataprotection.ContextHeader(32)), in.ContextHeader256)
	}
	if in.ContextHeader192 != "" {
		r.check(group, "context header", hex.EncodeToString(dataprotection.ContextHeader(24)), in.ContextHeader192)
	}
	for _, row := range in.Encryptor {
		parts := unhex(row.AADHex, row.ModifierHex, row.IVHex, row.PlainHex)
		if len(parts[1]) != 16 || len(parts[2]) != 16 {
			r.Fail(group, row.ID, "modifier or IV is not of 16 bytes")
			continue
		}
		got := dataprotection.Seal([]byte(row.MasterKeyUTF8), parts[0], [16]byte(parts[1]), [16]byte(parts[2]), parts[3])
		plain, err := dataprotection.Open([]byte(row.MasterKeyUTF8), parts[0], got)
		if err != nil || !bytes.Equal(plain, parts[3]) {
			r.Fail(group, row.ID, "does not open: %v", err)
			continue
		}
		r.check(group, row.ID, base64.StdEncoding.EncodeToString(got), row.Output)
	}
	for _, row := range in.Protected {
		id, err := uuid.Parse(row.KeyID)
		if err != nil || row.Purpose != "function-secrets" {
			r.NotBuilt(group, row.ID, "purpose "+row.Purpose)
			continue
		}
		parts := unhex(row.KeyHex, row.ModifierHex, row.IVHex)
		ring, err := atrest.NewRing(atrest.RingKey{ID: id, Key: keys.NewSecret(string(parts[0]))})
		if err != nil {
			r.Fail(group, row.ID, "%v", err)
			continue
		}
		plain, _, err := ring.Unprotect(keydoc.Place{}, row.Value)
		data, _ := base64.RawURLEncoding.DecodeString(row.Value)
		if err != nil || len(data) < 20 || len(parts[1]) != 16 || len(parts[2]) != 16 {
			r.Fail(group, row.ID, "want it opened, got %v", err)
			continue
		}
		aad := atrest.AdditionalData(id)
		sealed := append(data[:20:20], dataprotection.Seal(parts[0], aad, [16]byte(parts[1]), [16]byte(parts[2]), []byte(row.Plain))...)
		got := []any{plain, hex.EncodeToString(aad), len(data), base64.RawURLEncoding.EncodeToString(sealed)}
		r.check(group, row.ID, got, []any{row.Plain, row.AADHex, row.Bytes, row.Value})
	}
	for _, row := range in.DecryptionKeyID {
		r.check(group, "decryptionKeyId", atrest.DecryptionKeyID(row.Environment.settings()), row.Value)
	}
}

// unhex decodes texts; one that is not hexadecimal becomes empty.
func unhex(texts ...string) [][]byte {
	out := make([][]byte, len(texts))
	for i, t := range texts {
		out[i], _ = hex.DecodeString(t)
	}
	return out
}

type repositoryChoice struct {
	Rows []struct {
		ID          string      `json:"id"`
		Environment environment `json:"environment"`
		Expect      string      `json:"expect"`
	} `json:"rows"`
}

func (r *runner) repository(in *repositoryChoice) {
	if in == nil {
		return
	}
	for _, row := range in.Rows {
		got, err := keydoc.ChooseRepository(row.Environment.settings(), true)
		if err != nil {
			r.Fail("keys/repository", row.ID, "%v", err)
			continue
		}
		r.check("keys/repository", row.ID, string(got), row.Expect)
	}
}
