// Package blobkeys keeps keys in Azure Blob Storage, in the source's layout:
// container azure-webjobs-secrets, blobs {site}/host.json and
// {site}/{function}.json in lower case.
//
//	envelope, err := atrest.NewEnvelope(key) // of 32 bytes, from where the program keeps its secrets
//	store, err := blobkeys.New(blobkeys.Config{Client: client, Prefix: keydoc.BlobPrefix("MyApp", "staging"), Protector: envelope})
//	store, err := blobkeys.Open(settings, nil) // what an app's settings say
//
// Values are encrypted unless InsecurePlain is set: whoever may read a storage
// account shall not have the keys of the app. Documents that are in clear, or
// encrypted as the source does, are read and encrypted when they are saved;
// Rewrite does it for all.
//
// A change is written under the ETag of the version it was made to; of two
// writers, on whatever machines, the second gets keys.ErrChanged and nothing is
// lost. Watch asks for the ETags of all documents every Interval.
//
// # Differences
//
// The source writes under an ETag it fetches right before, which loses updates,
// and takes an empty blob for none. It tells other instances of changes by files
// on a shared disk, which are neither written nor read here.
//
// The source writes values in clear unless AzureWebEncryptionKey is set. A host of
// its own can share a store only if it is opened with Compat, or InsecurePlain: it
// does not read the form that is written here, and leaves it alone.
//
// Errors do not show a URL's query, which may be a shared access signature.
//
// # Sources
//
// Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement:
// BlobStorageSecretsRepository.cs, BlobStorageSasSecretsRepository.cs,
// DefaultSecretManagerProvider.cs.
package blobkeys
