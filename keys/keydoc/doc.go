// Package keydoc reads and writes the documents in which the source keeps keys,
// and names them as it does. Drivers of key stores use it:
//
//	codec := &keydoc.Codec{}
//	set, err := codec.Decode(scope, data)
//	data, err = codec.Encode(scope, set)
//
// # Documents
//
// There is one document for the host and one for each function. Version 1 is
// read and written, byte for byte as the source writes it; version 0, which had
// one key each, is read. A UTF-8 byte-order mark at the start is accepted.
//
// What the source does not know, a label, a time of validity or of the last use, a
// hash in place of a value, is written as further members of the entry. The source ignores them
// when it reads and drops them when it writes: for it, an entry with a hash is a
// key with an empty value, which nobody can present, and one with a validity is
// valid always.
//
// # Differences
//
// JSON is read as RFC 8259 has it; comments and single quotes, which the source
// takes, are errors. Two entries of one name are kept. Line ends are line feeds
// on every platform.
//
// # Sources
//
// Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement:
// Serialization/ScriptSecretSerializerV0.cs and V1.cs (documents),
// SecretsUtility.cs (snapshots), BlobStorageSecretsRepository.cs,
// KeyVaultSecretsRepository.cs and KubernetesSecretsRepository.cs (names),
// DefaultSecretManagerProvider.cs (choice of the repository).
package keydoc
