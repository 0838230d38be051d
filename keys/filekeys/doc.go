// Package filekeys keeps keys in a directory, in the source's layout: host.json
// for the host and {function}.json, in lower case, for a function.
//
//	store, err := filekeys.Open(dir)
//	res := &keys.Resolver{Store: store}
//	go res.Watch(ctx) // optional: changes by others take effect within a second
//
// # What can be relied on
//
// A document is written to a file of its own, synced, and put in place by one
// rename, after which the directory is synced: readers and crashes see the old
// document or the new one. Writers, in one process or in several, take a lock on
// the file ".lock" and compare what is stored with what they changed; of two who
// changed the same version the second gets keys.ErrChanged. The lock works
// between processes of one machine; network file systems differ.
//
// A document that cannot be read is a *keys.CorruptError that names the file;
// the file is left alone. Documents that the source wrote are read, with their
// byte-order mark, and those written here are readable by it.
//
// # Differences
//
// The source rewrites files in place, takes an empty file for none and makes new
// keys over it. Here an empty file is a corrupt one, unless Compat is set.
//
// # Sources
//
// Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement:
// FileSystemSecretsRepository.cs, BaseSecretsRepository.cs.
package filekeys
