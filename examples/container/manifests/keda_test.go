package manifests_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// A setting is one that a scaler of KEDA reads, as its tag says.
type setting struct {
	order string   // where from: triggerMetadata, authParams
	enum  []string // nil for any value
}

// settings reads what the scaler metrics-api knows from KEDA's source: for the
// types of the API a trigger's metadata is a map of any names.
func settings(t *testing.T) map[string]setting {
	t.Helper()
	found := map[string]setting{}
	tag := regexp.MustCompile("`keda:\"name=([^,\"]+),([^\"]*)\"`")
	dir := module(t, "github.com/kedacore/keda/v2")
	for _, name := range []string{"pkg/scalers/metrics_api_scaler.go", "pkg/scalers/authentication/authentication_types.go"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tag.FindAllStringSubmatch(string(text), -1) {
			var s setting
			for part := range strings.SplitSeq(m[2], ",") {
				name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
				switch name {
				case "order":
					s.order = value
				case "enum":
					s.enum = strings.Split(value, ";")
				}
			}
			for name := range strings.SplitSeq(m[1], ";") {
				found[name] = s
			}
		}
	}
	return found
}

func TestScaledObject(t *testing.T) {
	objects, others := read(t, "keda.yaml"), read(t, "kubernetes.yaml")
	scaled, auth := find[*v1alpha1.ScaledObject](t, objects), find[*v1alpha1.TriggerAuthentication](t, objects)
	deployment, service := find[*appsv1.Deployment](t, others), find[*corev1.Service](t, others)
	if got := scaled.Spec.ScaleTargetRef; got.Name != deployment.Name || got.Kind != "" {
		t.Errorf("it scales %+v, want the deployment %q", got, deployment.Name)
	}
	if *scaled.Spec.MinReplicaCount != *deployment.Spec.Replicas || *scaled.Spec.MaxReplicaCount <= *scaled.Spec.MinReplicaCount {
		t.Errorf("%d to %d replicas, and the deployment has %d", *scaled.Spec.MinReplicaCount, *scaled.Spec.MaxReplicaCount, *deployment.Spec.Replicas)
	}
	if len(scaled.Spec.Triggers) != 1 || scaled.Spec.Triggers[0].Type != "metrics-api" {
		t.Fatalf("the triggers are %+v", scaled.Spec.Triggers)
	}
	trigger, known := scaled.Spec.Triggers[0], settings(t)
	for name, value := range trigger.Metadata {
		s, ok := known[name]
		if !ok || !strings.Contains(s.order, "triggerMetadata") {
			t.Errorf("the scaler knows no setting %q", name)
		} else if s.enum != nil && !slices.Contains(s.enum, value) {
			t.Errorf("%s is %q, want one of %q", name, value, s.enum)
		}
	}
	if trigger.AuthenticationRef == nil || trigger.AuthenticationRef.Name != auth.Name {
		t.Errorf("the trigger's key is from %+v, want %q", trigger.AuthenticationRef, auth.Name)
	}
	for _, ref := range auth.Spec.SecretTargetRef {
		if !strings.Contains(known[ref.Parameter].order, "authParams") {
			t.Errorf("the scaler takes no parameter %q from a secret", ref.Parameter)
		}
	}
	target, err := url.Parse(trigger.Metadata["url"])
	if err != nil || !strings.HasPrefix(target.Host, service.Name+".default.") || target.Port() != "" || service.Spec.Ports[0].Port != 80 {
		t.Errorf("the scaler asks %s, %v, want the service %q", target, err, service.Name)
	}
	askLoad(t, start(t), target.Path, trigger.Metadata)
}

// askLoad asks as the scaler does, and looks for the number that it wants.
func askLoad(t *testing.T, p program, path string, metadata map[string]string) {
	t.Helper()
	for key, want := range map[string]int{p.key: http.StatusOK, "": http.StatusUnauthorized} {
		req, err := http.NewRequest("GET", p.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(metadata["keyParamName"], key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s with the key %q: %s, want %d", path, key, resp.Status, want)
		}
		if want != http.StatusOK {
			continue
		}
		var value any
		if err := json.NewDecoder(resp.Body).Decode(&value); err != nil {
			t.Fatal(err)
		}
		for name := range strings.SplitSeq(metadata["valueLocation"], ".") {
			object, _ := value.(map[string]any)
			value = object[name]
		}
		if _, ok := value.(float64); !ok {
			t.Errorf("at %s is %v, want a number", metadata["valueLocation"], value)
		}
	}
}
