package keydoc

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/httptrigger/httptrigger/keys"
)

// FileName returns the name of a scope's document: host.json, or the function's
// name in lower case. The source writes it in the casing of the request that
// changes keys, and then does not find it where case matters.
func FileName(s keys.Scope) string {
	if s.IsHost() {
		return "host.json"
	}
	return s.Function() + ".json"
}

// ScopeOf returns the scope whose document has the name, ignoring case, and
// false if no scope has.
func ScopeOf(fileName string) (keys.Scope, bool) {
	base, ok := strings.CutSuffix(strings.ToLower(fileName), ".json")
	if !ok || base == "" {
		return keys.Scope{}, false
	}
	if base == "host" {
		return keys.HostScope(), true
	}
	s := keys.FunctionScope(base)
	return s, s.Validate() == nil
}

// BlobPrefix returns the folder of an app's documents in the container
// azure-webjobs-secrets: site name and slot in lower case. The slot
// "production" and "" are none. Off App Service the host ID takes the site's
// place.
func BlobPrefix(site, slot string) string {
	if slot != "" && !strings.EqualFold(slot, "production") {
		site += "-" + slot
	}
	return strings.ToLower(site)
}

// BlobName returns the name of a scope's blob in the folder prefix.
func BlobName(prefix string, s keys.Scope) string { return prefix + "/" + FileName(s) }

// SnapshotName returns the name under which the source keeps a copy of a
// document it could not decrypt.
func SnapshotName(document string, at time.Time) string {
	return strings.TrimSuffix(document, ".json") + ".snapshot." + at.UTC().Format("2006-01-02 15.04.05.000000") + ".json"
}

// KeyVaultName returns the name of a key's secret in Key Vault. The master key
// is named by its kind.
func KeyVaultName(s keys.Scope, kind keys.Kind, name string) string {
	switch {
	case kind == keys.MasterKey:
		return "host--masterKey--master"
	case kind == keys.SystemKey:
		return "host--systemKey--" + KeyVaultNormalize(name)
	case s.IsHost():
		return "host--functionKey--" + KeyVaultNormalize(name)
	}
	return "function--" + KeyVaultNormalize(s.Function()) + "--" + KeyVaultNormalize(name)
}

// KeyVaultNormalize writes a name with the characters that Key Vault takes:
// letters and digits as they are, others as '-' and their UTF-16 code in at
// least three decimal digits.
func KeyVaultNormalize(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c > 0xffff:
			hi, lo := utf16.EncodeRune(c)
			fmt.Fprintf(&b, "-%03d-%03d", hi, lo)
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			b.WriteRune(c)
		default:
			fmt.Fprintf(&b, "-%03d", c)
		}
	}
	return b.String()
}

// KeyVaultDenormalize reads a name that KeyVaultNormalize wrote. It takes three
// digits after each '-', as the source does, so that characters above U+03E7 do
// not come back; a '-' without three digits stays.
func KeyVaultDenormalize(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		if name[i] == '-' && len(name) >= i+4 && digits(name[i+1:i+4]) {
			code := int(name[i+1]-'0')*100 + int(name[i+2]-'0')*10 + int(name[i+3]-'0')
			b.WriteRune(rune(code))
			i += 4
			continue
		}
		b.WriteByte(name[i])
		i++
	}
	return b.String()
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' }) < 0
}

// KubernetesName returns the name of a key's entry in a Kubernetes secret.
func KubernetesName(s keys.Scope, kind keys.Kind, name string) string {
	switch {
	case kind == keys.MasterKey:
		return "host.master"
	case kind == keys.SystemKey:
		return "host.systemKey." + name
	case s.IsHost():
		return "host.function." + name
	}
	return "functions." + s.Function() + "." + name
}

// A Repository is a place where the source keeps keys.
type Repository string

// The repositories. NoRepository means that there are no keys at all.
const (
	NoRepository Repository = "none"
	Files        Repository = "files"
	Blob         Repository = "blob"
	BlobSAS      Repository = "blob-sas"
	KeyVault     Repository = "keyvault"
	Kubernetes   Repository = "kubernetes"
)

// ChooseRepository returns the repository that the source takes for the settings
// of an app: AzureWebJobsSecretStorageType decides if it names one (ignoring
// case), then AzureWebJobsSecretStorageSas, then AzureWebJobsStorage.
//
// With compat a type it does not know is passed over, and a SAS setting counts
// even when it is empty. Without it, both are errors; so is the type blob with
// no storage to keep blobs in.
func ChooseRepository(settings map[string]string, compat bool) (Repository, error) {
	kind := settings["AzureWebJobsSecretStorageType"]
	for _, r := range []Repository{Files, KeyVault, Kubernetes} {
		if strings.EqualFold(kind, string(r)) {
			return r, nil
		}
	}
	sas, hasSAS := settings["AzureWebJobsSecretStorageSas"]
	hasStorage := hasConnection(settings, "AzureWebJobsStorage")
	isBlob := strings.EqualFold(kind, string(Blob))
	switch {
	case compat:
	case kind != "" && !isBlob:
		return NoRepository, fmt.Errorf("keydoc: AzureWebJobsSecretStorageType %q: want files, blob, keyvault or kubernetes", kind)
	case hasSAS && sas == "":
		return NoRepository, fmt.Errorf("keydoc: AzureWebJobsSecretStorageSas is empty")
	case isBlob && !hasSAS && !hasStorage:
		return NoRepository, fmt.Errorf("keydoc: AzureWebJobsSecretStorageType %q, but neither AzureWebJobsSecretStorageSas nor AzureWebJobsStorage is set", kind)
	}
	switch {
	case hasSAS:
		return BlobSAS, nil
	case hasStorage:
		return Blob, nil
	}
	return NoRepository, nil
}

// hasConnection reports whether settings have a connection of the name: a
// connection string, or one of the settings of a connection by identity.
func hasConnection(settings map[string]string, name string) bool {
	for _, key := range []string{name, name + "__accountName", name + "__blobServiceUri", name + "__serviceUri",
		name + ":accountName", name + ":blobServiceUri", name + ":serviceUri"} {
		if settings[key] != "" {
			return true
		}
	}
	return false
}
