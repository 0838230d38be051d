// Package atrest encrypts the values of keys where they are stored.
//
//	envelope, err := atrest.NewEnvelope(newKey, oldKey)
//	store.Codec.Protector = envelope
//
// An Envelope is the form for new stores: AES-256-GCM, bound to the place of the
// value, so that a value moved to another name or function is refused. A Ring
// reads and writes the source's form. Chain writes one and reads several, for
// moving from one to the other:
//
//	ring, err := atrest.RingFromSettings(settings)
//	store.Codec.Protector = atrest.Chain{envelope, ring}
//
// Values are encrypted with the first key and decrypted with any. To rotate, put
// a new key first, save every document again, and drop the old key.
//
// # Differences
//
// The source, when a value cannot be decrypted, gives every encrypted entry of
// the document a new value. Here that is an error; nothing is overwritten, and
// the keyed functions of that document refuse to serve.
//
// Outside App Service the source encrypts with a key ring of the machine even if
// AzureWebEncryptionKey is set. RingFromSettings uses what is set.
//
// # Sources
//
// Azure/azure-functions-host, KeyManagement/DataProtectionKeyValueConverter.cs;
// Azure/azure-websites-security, AzureWebsitesXmlRepository.cs and Util.cs;
// dotnet/aspnetcore, src/DataProtection.
package atrest
