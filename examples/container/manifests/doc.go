// Package manifests reads the manifests of the example container, in tests only.
//
// Kubernetes and KEDA documents are decoded strictly into the Go types that these
// projects publish, as an API server does with strict field validation; the one of
// Container Apps into those of Azure's SDK. What types do not know is asked of the
// program itself, which is built and started: its probes, its load, its folders.
//
//	GOWORK=off go test ./...
//
// It is a module outside the workspace: KEDA's types bring most of a Kubernetes
// controller with them, which nobody else here should have to build.
package manifests
