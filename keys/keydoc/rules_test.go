package keydoc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// said is a document in short: its version and its keys, one word each.
func said(d *keydoc.Document) string {
	list := func(name string, entries []keydoc.Entry) string {
		if entries == nil {
			return name + "=null"
		}
		words := []string{}
		for _, e := range entries {
			mark := ""
			if e.Encrypted {
				mark = "*"
			}
			words = append(words, e.Name+":"+e.Value.Reveal()+mark)
		}
		return name + "=[" + strings.Join(words, " ") + "]"
	}
	if d.Master == nil {
		return fmt.Sprintf("V%d %s", d.Version, list("keys", d.Keys))
	}
	return fmt.Sprintf("V%d %s %s %s", d.Version, list("m", []keydoc.Entry{*d.Master}), list("f", d.Functions), list("s", d.Systems))
}

// TestRuleDocuments is KY-80, KY-91 to KY-93. An empty want is no key document,
// "!" a text that is an error of another sort, "-" an empty document.
func TestRuleDocuments(t *testing.T) {
	const entry = `{"name":"n","value":"v","encrypted":false}`
	tests := []struct{ host, text, want string }{
		// Version 0.
		{"host", `{"masterKey":"m","functionKey":"f"}`, "V0 m=[master:m] f=[default:f] s=null"},
		{"host", `{"functionKey":"f","masterKey":"m"}`, "V0 m=[master:m] f=[default:f] s=null"},
		{"host", `{"masterKey":"m"}`, "V0 m=[master:m] f=[] s=null"},
		{"host", `{"masterKey":"m","functionKey":null}`, "V0 m=[master:m] f=[] s=null"},
		{"host", `{"masterKey":"","functionKey":""}`, "V0 m=[master:] f=[default:] s=null"},
		{"host", `{"masterKey":"m","functionKeys":[` + entry + `],"systemKeys":[` + entry + `]}`, "V0 m=[master:m] f=[] s=null"},
		{"host", `{"masterKey":"ключ\u0041","extra":{"a":[1,2]}}`, "V0 m=[master:ключA] f=[] s=null"},
		{"function", `{"key":"k"}`, "V0 keys=[default:k]"},
		{"function", `{"key":""}`, "V0 keys=[default:]"},
		{"function", `{"key":null}`, "V0 keys=[]"},
		{"function", `{"key":"k","keys":[` + entry + `]}`, "V0 keys=[default:k]"},
		{"function", `{"keys":[` + entry + `],"key":null}`, "V0 keys=[]"},
		{"function", `{"key":"k","masterKey":"m"}`, "V0 keys=[default:k]"},
		// Version 1.
		{"host", `{"masterKey":` + entry + `,"functionKeys":[]}`, "V1 m=[n:v] f=[] s=null"},
		{"host", `{"masterKey":` + entry + `,"functionKeys":[],"systemKeys":null}`, "V1 m=[n:v] f=[] s=null"},
		{"host", `{"masterKey":` + entry + `,"functionKeys":[],"systemKeys":[]}`, "V1 m=[n:v] f=[] s=[]"},
		{"host", `{"systemKeys":[{"name":"s","value":"1"}],"functionKeys":[{"value":"2","name":"f","encrypted":true}],"masterKey":{"value":"3"}}`, "V1 m=[:3] f=[f:2*] s=[s:1]"},
		{"host", `{"masterKey":{"NAME":"n","Value":"v","ENCRYPTED":true,"other":7},"functionKeys":[],"SYSTEMKEYS":[` + entry + `],"HOSTNAME":"h","x":null}`, "V1 m=[n:v*] f=[] s=[n:v]"},
		{"host", `{"masterKey":{},"functionKeys":[{}]}`, "V1 m=[:] f=[:] s=null"},
		{"host", `{"masterKey":{"name":null,"value":null},"functionKeys":[{"name":null,"value":"v"}]}`, "V1 m=[:] f=[:v] s=null"},
		{"host", `{"masterKey":` + entry + `,"functionKeys":[` + entry + `,` + entry + `]}`, "V1 m=[n:v] f=[n:v n:v] s=null"},
		{"host", `{"masterKey":{"value":"a","value":"b"},"functionKeys":[]}`, "V1 m=[:b] f=[] s=null"},
		{"host", `{"masterKey":{"value":12,"encrypted":"True"},"functionKeys":[{"name":7,"value":-5,"encrypted":"false"},{"encrypted":1},{"encrypted":0}]}`, "V1 m=[:12*] f=[7:-5 :* :] s=null"},
		{"host", `{"masterKey":` + entry + `,"functionKeys":[],"key":"k","keys":[]}`, "V1 m=[n:v] f=[] s=null"},
		{"function", `{"keys":[]}`, "V1 keys=[]"},
		{"function", "\ufeff" + `{"keys":[` + entry + `]}`, "V1 keys=[n:v]"},
		{"function", " \r\n\t" + `{"keys" : [ ` + entry + ` ] } ` + "\r\n", "V1 keys=[n:v]"},
		{"function", `{"keys":[],"key":5}`, "V1 keys=[]"},
		{"function", `{"key":{},"keys":[]}`, "V1 keys=[]"},
		{"function", `{"keys":[],"Key":"k"}`, "V1 keys=[]"},
		{"function", `{"keys":[{"name":"a b/ключ","value":"` + strings.Repeat("v", 100_000) + `"}]}`, "V1 keys=[a b/ключ:" + strings.Repeat("v", 100_000) + "]"},
		// Neither.
		{"host", `{}`, ""}, {"host", `{"masterKey":null}`, ""}, {"host", `{"masterKey":1,"functionKeys":[]}`, ""}, {"host", `{"masterKey":[],"functionKeys":[]}`, ""},
		{"host", `{"MasterKey":"m"}`, ""}, {"host", `{"masterkey":` + entry + `,"functionKeys":[]}`, ""}, {"host", `{"masterKey":` + entry + `,"FunctionKeys":[]}`, ""},
		{"host", `{"masterKey":` + entry + `,"functionKeys":{}}`, ""}, {"host", `{"masterKey":` + entry + `,"functionKeys":null}`, ""}, {"host", `{"masterKey":` + entry + `,"functionKey":"f"}`, ""},
		{"host", `{"key":"k"}`, ""}, {"host", `{"keys":[]}`, ""}, {"function", `{}`, ""}, {"function", `{"Key":"k"}`, ""}, {"function", `{"KEYS":[]}`, ""},
		{"function", `{"key":5}`, ""}, {"function", `{"keys":"k"}`, ""}, {"function", `{"masterKey":"m"}`, ""}, {"function", `{"masterKey":` + entry + `,"functionKeys":[]}`, ""},
		// No document at all.
		{"host", "", "-"}, {"function", "", "-"}, {"function", "\ufeff", "-"},
		{"host", " ", "!"}, {"host", "null", "!"}, {"host", "[]", "!"}, {"host", `"masterKey"`, "!"}, {"host", "{", "!"}, {"host", `{"masterKey":"m"`, "!"}, {"function", `{"key":"k"}}`, "!"},
		{"function", `{"key":"k"} {"key":"l"}`, "!"}, {"function", "\xff\xfe{\x00}\x00", "!"}, {"function", `{"keys":["k"]}`, "!"}, {"function", `{"keys":[null]}`, "!"},
		{"function", `{"keys":[{"value":{}}]}`, "!"}, {"function", `{"keys":[{"encrypted":"maybe"}]}`, "!"}, {"function", `{"keys":[{"encrypted":[]}]}`, "!"}, {"function", "not a document", "!"},
	}
	for _, tt := range tests {
		d, err := keydoc.Parse(tt.host == "host", []byte(tt.text))
		got := ""
		switch {
		case err == nil:
			got = said(d)
		case errors.Is(err, keydoc.ErrEmpty):
			got = "-"
		case !errors.Is(err, keydoc.ErrFormat) || tt.want == "!":
			got = "!"
		}
		if got != tt.want {
			t.Errorf("%s %.120s: %.80q (%v), want %.80q", tt.host, tt.text, got, err, tt.want)
		}
	}
}

// TestRuleWritten is KY-91, KY-93 and KY-94: what was read, of either version, is
// written in version 1, in order, with two spaces, null for what is not there.
func TestRuleWritten(t *testing.T) {
	tests := []struct {
		scope      keys.Scope
		text, want string
	}{
		{keys.HostScope(), "\ufeff" + `{"masterKey":"m","functionKey":"f"}`, `{
  "masterKey": {
    "name": "master",
    "value": "m",
    "encrypted": false
  },
  "functionKeys": [
    {
      "name": "default",
      "value": "f",
      "encrypted": false
    }
  ],
  "systemKeys": [],
  "hostName": "app.example",
  "instanceId": "0000000000000000000000000000000A",
  "source": "runtime",
  "decryptionKeyId": "AzureWebEncryptionKey=x;"
}`},
		{keys.FunctionScope("F"), `{"key":null,"hostName":"old"}`, `{
  "keys": [],
  "hostName": "app.example",
  "instanceId": "0000000000000000000000000000000A",
  "source": "runtime",
  "decryptionKeyId": "AzureWebEncryptionKey=x;"
}`},
		{keys.FunctionScope("F"), `{"source":"s","keys":[{"name":"a\"\\/<é>&'+\u2028\u0001\n😀","value":"=="}]}`, `{
  "keys": [
    {
      "name": "a\"\\/<é>&'+\u2028\u0001\n😀",
      "value": "==",
      "encrypted": false
    }
  ],
  "hostName": "app.example",
  "instanceId": "0000000000000000000000000000000A",
  "source": "runtime",
  "decryptionKeyId": "AzureWebEncryptionKey=x;"
}`},
	}
	codec := &keydoc.Codec{Origin: keys.Origin{HostName: "app.example", InstanceID: "0000000000000000000000000000000A", DecryptionKeyID: "AzureWebEncryptionKey=x;"}}
	for _, tt := range tests {
		set, err := codec.Decode(tt.scope, []byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		got, err := codec.Encode(tt.scope, set)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s is written as\n%s\n%v, want\n%s", tt.text, got, err, tt.want)
		}
		if !json.Valid(got) {
			t.Errorf("not JSON: %s", got)
		}
	}
	empty, err := (&keydoc.Codec{}).Encode(keys.FunctionScope("f"), keys.Set{})
	if want := "{\n  \"keys\": [],\n  \"hostName\": null,\n  \"instanceId\": \"00000000000000000000000000000000\",\n  \"source\": \"runtime\",\n  \"decryptionKeyId\": \"\"\n}"; err != nil || string(empty) != want {
		t.Errorf("no origin: %s, %v, want %s", empty, err, want)
	}
}

// TestRuleKeyVaultNames is KY-110 and KY-111 over every character.
func TestRuleKeyVaultNames(t *testing.T) {
	for c := rune(0); c < 0x400; c++ {
		name := "a" + string(c) + "1"
		want := fmt.Sprintf("a-%03d1", c)
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			want = name
		}
		got := keydoc.KeyVaultNormalize(name)
		if c < 0x80 && got != want {
			t.Errorf("KeyVaultNormalize(%q) = %q, want %q", name, got, want)
		}
		if back := keydoc.KeyVaultDenormalize(got); c <= 999 && back != name {
			t.Errorf("KeyVaultDenormalize(%q) = %q, want %q", got, back, name)
		}
	}
	for name, want := range map[string]string{"": "", "été": "été", "ключ": "ключ", "a—b": "a-8212b", "🔑": "-55357-56593", "--": "-045-045", "a-045b": "a-045045b", "\u00a0": "-160", "½": "-189"} {
		if got := keydoc.KeyVaultNormalize(name); got != want {
			t.Errorf("KeyVaultNormalize(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"": "", "-": "-", "-1": "-1", "-12": "-12", "-045": "-", "--045": "--", "-0451": "-1", "-045-045": "--", "-a45": "-a45", "a-é45": "a-é45", "-999": "\u03e7", "-000": "\x00"} {
		if got := keydoc.KeyVaultDenormalize(name); got != want {
			t.Errorf("KeyVaultDenormalize(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestRuleNames is KY-98, KY-101, KY-102, KY-110 and KY-117.
func TestRuleNames(t *testing.T) {
	host, f := keys.HostScope(), keys.FunctionScope("My-Func_1")
	at := time.Date(2024, 2, 29, 23, 5, 9, 7_999, time.FixedZone("", -3600))
	tests := []struct{ what, got, want string }{
		{"file", keydoc.FileName(host), "host.json"}, {"file", keydoc.FileName(f), "my-func_1.json"},
		{"blob", keydoc.BlobName(keydoc.BlobPrefix("MySite", ""), host), "mysite/host.json"},
		{"blob", keydoc.BlobName(keydoc.BlobPrefix("MySite", "Production"), f), "mysite/my-func_1.json"},
		{"blob", keydoc.BlobName(keydoc.BlobPrefix("MySite", "Slot2"), f), "mysite-slot2/my-func_1.json"},
		{"blob", keydoc.BlobName(keydoc.BlobPrefix("HOST-id-1", ""), host), "host-id-1/host.json"},
		{"snapshot", keydoc.SnapshotName("host.json", at), "host.snapshot.2024-03-01 00.05.09.000007.json"},
		{"snapshot", keydoc.SnapshotName("site/my-func_1.json", at), "site/my-func_1.snapshot.2024-03-01 00.05.09.000007.json"},
		{"snapshot", keydoc.SnapshotName("a.json.json", at), "a.json.snapshot.2024-03-01 00.05.09.000007.json"},
		{"vault", strings.ToLower(keydoc.KeyVaultName(host, keys.MasterKey, "x")), "host--masterkey--master"},
		{"vault", strings.ToLower(keydoc.KeyVaultName(host, keys.FunctionKey, "A.b")), "host--functionkey--a-046b"},
		{"vault", strings.ToLower(keydoc.KeyVaultName(host, keys.SystemKey, "blobs_extension")), "host--systemkey--blobs-095extension"},
		{"vault", strings.ToLower(keydoc.KeyVaultName(f, keys.FunctionKey, "Default")), "function--my-045func-0951--default"},
		{"kubernetes", keydoc.KubernetesName(host, keys.MasterKey, "x"), "host.master"},
		{"kubernetes", keydoc.KubernetesName(host, keys.FunctionKey, "Default"), "host.function.Default"},
		{"kubernetes", keydoc.KubernetesName(host, keys.SystemKey, "a.b"), "host.systemKey.a.b"},
		{"kubernetes", keydoc.KubernetesName(f, keys.FunctionKey, "Key-1"), "functions.my-func_1.Key-1"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, tt.got, tt.want)
		}
	}
}

// TestRuleRepository is KY-95 and KY-96: with "!" the default refuses what the
// source takes.
func TestRuleRepository(t *testing.T) {
	const kind, sas, storage = "AzureWebJobsSecretStorageType", "AzureWebJobsSecretStorageSas", "AzureWebJobsStorage"
	tests := []struct {
		settings       map[string]string
		compat, normal string
	}{
		{nil, "none", "none"}, {map[string]string{kind: ""}, "none", "none"}, {map[string]string{storage: ""}, "none", "none"},
		{map[string]string{kind: "fILES"}, "files", "files"}, {map[string]string{kind: "KEYVAULT", sas: "x", storage: "c"}, "keyvault", "keyvault"},
		{map[string]string{kind: "Kubernetes", sas: "", storage: "c"}, "kubernetes", "kubernetes"},
		{map[string]string{kind: "files ", storage: "c"}, "blob", "!"}, {map[string]string{kind: "file", sas: "x"}, "blob-sas", "!"}, {map[string]string{kind: "file"}, "none", "!"},
		{map[string]string{kind: "BLOB", storage: "c"}, "blob", "blob"}, {map[string]string{kind: "blob", sas: "x", storage: "c"}, "blob-sas", "blob-sas"}, {map[string]string{kind: "Blob"}, "none", "!"},
		{map[string]string{kind: "", sas: "x"}, "blob-sas", "blob-sas"}, {map[string]string{sas: "", storage: "c"}, "blob-sas", "!"}, {map[string]string{sas: ""}, "blob-sas", "!"},
		{map[string]string{storage: "UseDevelopmentStorage=true"}, "blob", "blob"},
		{map[string]string{storage + "__accountName": "a"}, "blob", "blob"}, {map[string]string{storage + "__blobServiceUri": "https://a"}, "blob", "blob"},
		{map[string]string{storage + "__other": "a"}, "none", "none"},
		{map[string]string{"FUNCTIONS_SECRETS_PATH": "/p"}, "none", "none"}, {map[string]string{"AzureWebJobsSecretStorageKeyVaultUri": "https://v"}, "none", "none"},
		{map[string]string{kind: "containerapps"}, "none", "!"},
	}
	for _, tt := range tests {
		for compat, want := range map[bool]string{true: tt.compat, false: tt.normal} {
			got, err := keydoc.ChooseRepository(tt.settings, compat)
			if err != nil {
				got = "!"
			}
			if string(got) != want {
				t.Errorf("compat %t, %v: %s (%v), want %s", compat, tt.settings, got, err, want)
			}
		}
	}
}
