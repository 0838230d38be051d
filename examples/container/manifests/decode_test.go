package manifests_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decode decodes documents into the types of their apiVersion and kind. A field
// that a type does not have, or that is there twice, is an error.
func decode(text []byte) ([]runtime.Object, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), appsv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	var objects []runtime.Object
	for docs := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		object, _, err := decoder.Decode(doc, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", len(objects)+1, err)
		}
		objects = append(objects, object)
	}
}

// read decodes a manifest of the example.
func read(t *testing.T, name string) []runtime.Object {
	t.Helper()
	objects, err := decode(file(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return objects
}

// file reads a file of the example.
func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// find returns the one object of a type.
func find[T runtime.Object](t *testing.T, objects []runtime.Object) T {
	t.Helper()
	var found []T
	for _, o := range objects {
		if o, ok := o.(T); ok {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		var none T
		t.Fatalf("%d documents are a %T, want one", len(found), none)
	}
	return found[0]
}

// TestStrict makes each kind of mistake in the manifests themselves.
func TestStrict(t *testing.T) {
	tests := []struct {
		name, file, old, new, want string
	}{
		{"a misspelt field", "kubernetes.yaml", "readOnlyRootFilesystem", "readOnlyRootFileSystem", `unknown field "spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem"`},
		{"a field in the wrong place", "kubernetes.yaml", "  name: app-data\nspec:", "  name: app-data\n  accessModes: [ReadWriteOnce]\nspec:", `unknown field "metadata.accessModes"`},
		{"a field twice", "kubernetes.yaml", "  replicas: 2", "  replicas: 2\n  replicas: 3", `"replicas" already set`},
		{"a number in quotes", "kubernetes.yaml", "replicas: 2", `replicas: "2"`, "cannot unmarshal string"},
		{"a wrong kind", "kubernetes.yaml", "kind: Deployment", "kind: Deploiment", `no kind "Deploiment"`},
		{"a kind of another version", "kubernetes.yaml", "apiVersion: apps/v1", "apiVersion: v1", `no kind "Deployment"`},
		{"no kind", "kubernetes.yaml", "kind: Service", "", "'Kind' is missing"},
		{"no version", "kubernetes.yaml", "apiVersion: apps/v1\n", "", "'apiVersion'"},
		{"a document of nothing", "kubernetes.yaml", "kind: Service\n", "---\n", "'Kind' is missing"},
		{"KEDA, a misspelt field", "keda.yaml", "minReplicaCount", "minReplicasCount", `unknown field "spec.minReplicasCount"`},
		{"KEDA, in a list", "keda.yaml", "parameter: apiKey", "param: apiKey", `unknown field "spec.secretTargetRef[0].param"`},
		{"KEDA, a wrong kind", "keda.yaml", "kind: ScaledObject", "kind: ScaledObjekt", `no kind "ScaledObjekt"`},
		{"KEDA, another version", "keda.yaml", "keda.sh/v1alpha1", "keda.sh/v1", "no kind"},
		{"KEDA, metadata that is no text", "keda.yaml", `targetValue: "80"`, "targetValue: 80", "cannot unmarshal number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := file(t, tt.file)
			bad := bytes.Replace(text, []byte(tt.old), []byte(tt.new), 1)
			if bytes.Equal(bad, text) {
				t.Fatalf("%s has no %q", tt.file, tt.old)
			}
			if _, err := decode(bad); err == nil || !bytes.Contains([]byte(err.Error()), []byte(tt.want)) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
		})
	}
}
