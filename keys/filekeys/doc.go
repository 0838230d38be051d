// Package filekeys keeps keys in a directory, in the layout of the Azure Functions
// host, called the source here: host.json for the host and {function}.json, in lower
// case, for a function.
//
//	store, err := filekeys.Open(dir)
//	res := &keys.Resolver{Store: store}
//	go res.Watch(ctx) // optional: changes by others take effect within a second
//
// # At rest
//
// Values are encrypted with AES-256-GCM. The key is in the file .key of the same
// folder, of mode 0600, made when the first value is saved: whoever has a document,
// a backup of one, or a listing of it has no key of the app; whoever has the whole
// folder has all. Config.KeyFile puts the key elsewhere, such as on a volume that
// only the instances of the app mount, Config.Protector takes it from the program.
// It is in the folder by default because a key beside a volume is gone with the
// container that made it.
//
// If the key is lost, nothing that was encrypted with it can be read: Load says
// which key is missing, keyed functions answer 500, Save does not make another
// key, and nothing is overwritten. Keep a copy of the key apart from the documents.
//
// Documents in clear are read, and encrypted when they are saved. What an operator
// does, each while the app runs and again if it failed:
//
//	to encrypt a folder that is in clear     store.Rewrite
//	to change the key in the folder          store.RotateKey
//	to change a key file elsewhere           KeyFile.Add, store.Rewrite, KeyFile.Prune
//	to change the key of a Protector         start with the new key first and the old one
//	                                         behind it, store.Rewrite, start without the old
//
// The examples show them. Copies of documents made before need the old key, or are
// in clear.
//
// A host of the source's own cannot read what is encrypted here: it answers 500
// and changes nothing. For a folder that both use, values stay in clear:
//
//	store, err := filekeys.New(filekeys.Config{Dir: dir, InsecurePlain: true})
//
// or in the source's encryption, with its keys, an atrest.Ring in Protector.
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
// byte-order mark, and those written in clear are readable by it.
//
// # Names of files
//
// A function has one document, whatever the casing in which it is asked for. On a
// file system that ignores case, a file that the source wrote in another casing is
// that document: it is read, watched, written again and encrypted like any other.
// On one that does not, only the name in lower case is read, as in the source:
// Orders.json is then nobody's, and is left alone. Functions whose names differ in
// how characters outside ASCII are folded or composed can have one file on the
// systems of Apple and Microsoft. An encrypted value is bound to the name, so that
// the second function gets an error; with InsecurePlain they share keys.
//
// # Differences
//
// The source writes the file of a function in the casing of a request, and may not
// find it again. Here it has one name.
//
// The source rewrites files in place, takes an empty file for none and makes new
// keys over it. Here an empty file is a corrupt one, unless Compat is set.
//
// # Sources
//
// Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement:
// FileSystemSecretsRepository.cs, BaseSecretsRepository.cs.
package filekeys
