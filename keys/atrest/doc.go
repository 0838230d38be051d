// Package atrest encrypts the values of keys where they are stored.
//
//	store, err := filekeys.Open(dir)                      // a KeyFile that is made at first use
//	envelope, err := atrest.NewEnvelope(newKey, oldKey)    // or keys that the program has
//	store, err := filekeys.New(filekeys.Config{Dir: dir, Protector: envelope})
//
// An Envelope is the form for new stores: AES-256-GCM, bound to the place of the
// value, so that a value moved to another name or function is refused. A KeyFile
// is an Envelope whose keys are in a file. A Ring reads and writes the source's
// form. Chain writes one and reads several, for moving from one to the other:
//
//	ring, err := atrest.RingFromSettings(settings)
//	protector := atrest.Chain{envelope, ring}
//
// # Rotation
//
// Values are encrypted with the first key and decrypted with any. Put a new key
// first, in the keys of every process, write all documents again with
// keys.Manager.Rewrite, and drop the old key. filekeys.Store.RotateKey does all of
// it for a store with a key file of its own.
//
// # A key that is lost
//
// What cannot be decrypted is an error of the whole document: the keyed functions
// it is needed for answer 500, the log says which key is missing, and nothing is
// overwritten. Put the key back and they work again.
//
// # Differences
//
// The source, when a value cannot be decrypted, gives every encrypted entry of
// the document a new value. Here that is an error; nothing is overwritten, and
// the keyed functions of that document refuse to serve. A host of the source's own
// that finds an envelope stops with an error and overwrites nothing either.
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
