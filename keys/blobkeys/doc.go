// Package blobkeys keeps keys in Azure Blob Storage, in the source's layout:
// container azure-webjobs-secrets, blobs {site}/host.json and
// {site}/{function}.json in lower case.
//
//	store, err := blobkeys.New(client, keydoc.BlobPrefix("MyApp", "staging"))
//	store, err := blobkeys.Open(settings) // what an app's settings say
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
// Errors do not show a URL's query, which may be a shared access signature.
//
// # Sources
//
// Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement:
// BlobStorageSecretsRepository.cs, BlobStorageSasSecretsRepository.cs,
// DefaultSecretManagerProvider.cs.
package blobkeys
