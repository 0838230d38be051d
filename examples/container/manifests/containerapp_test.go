package manifests_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/appcontainers/armappcontainers/v3"
	"sigs.k8s.io/yaml"
)

// decodeApp decodes a container app. The SDK's types pass over what they do not
// know, so that a field which does not come out again is an error.
func decodeApp(text []byte) (*armappcontainers.ContainerApp, error) {
	in, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	var app armappcontainers.ContainerApp
	if err := json.Unmarshal(in, &app); err != nil {
		return nil, err
	}
	out, err := json.Marshal(app)
	if err != nil {
		return nil, err
	}
	var before, after any
	if err := json.Unmarshal(in, &before); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &after); err != nil {
		return nil, err
	}
	if field := lost("", before, after); field != "" {
		return nil, fmt.Errorf("unknown field %q", strings.TrimPrefix(field, "."))
	}
	return &app, nil
}

// lost returns the path of something that before has and after has not, or "".
func lost(path string, before, after any) string {
	switch b := before.(type) {
	case map[string]any:
		a, _ := after.(map[string]any)
		for name, value := range b {
			other, ok := a[name]
			if !ok {
				return path + "." + name
			}
			if field := lost(path+"."+name, value, other); field != "" {
				return field
			}
		}
		return ""
	case []any:
		a, _ := after.([]any)
		if len(a) != len(b) {
			return path
		}
		for i := range b {
			if field := lost(fmt.Sprintf("%s[%d]", path, i), b[i], a[i]); field != "" {
				return field
			}
		}
		return ""
	}
	if !reflect.DeepEqual(before, after) {
		return path
	}
	return ""
}

func TestContainerApp(t *testing.T) {
	app, err := decodeApp(file(t, "containerapp.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	image, p := readImage(t), start(t)
	template := app.Properties.Template
	if !slices.Contains(armappcontainers.PossibleActiveRevisionsModeValues(), *app.Properties.Configuration.ActiveRevisionsMode) {
		t.Errorf("no mode %q of revisions", *app.Properties.Configuration.ActiveRevisionsMode)
	}
	if got := *app.Properties.Configuration.Ingress.TargetPort; got != image.port {
		t.Errorf("targetPort %d, want %d", got, image.port)
	}
	if got := *template.TerminationGracePeriodSeconds; got <= p.grace {
		t.Errorf("terminationGracePeriodSeconds %d, and the program takes up to %d", got, p.grace)
	}
	if n := len(template.Containers); n != 1 {
		t.Fatalf("%d containers, want one", n)
	}
	c := template.Containers[0]
	for _, probe := range c.Probes {
		if !slices.Contains(armappcontainers.PossibleTypeValues(), *probe.Type) {
			t.Errorf("no probe is a %q", *probe.Type)
		}
		if *probe.HTTPGet.Port != image.port {
			t.Errorf("%s: port %d, want %d", *probe.Type, *probe.HTTPGet.Port, image.port)
		}
		p.check(t, string(*probe.Type), *probe.HTTPGet.Path)
		// The bounds are those that the SDK's comments state.
		for name, bound := range map[string]struct {
			value *int32
			max   int32
		}{
			"failureThreshold":    {probe.FailureThreshold, 10},
			"initialDelaySeconds": {probe.InitialDelaySeconds, 60},
			"periodSeconds":       {probe.PeriodSeconds, 240},
			"timeoutSeconds":      {probe.TimeoutSeconds, 240},
		} {
			if bound.value != nil && (*bound.value < 1 || *bound.value > bound.max) {
				t.Errorf("%s: %s %d, want 1 to %d", *probe.Type, name, *bound.value, bound.max)
			}
		}
	}
	if len(c.Probes) != 3 || len(c.VolumeMounts) != 1 || len(template.Volumes) != 1 {
		t.Fatalf("%d probes, %d mounts, %d volumes, want 3, 1 and 1", len(c.Probes), len(c.VolumeMounts), len(template.Volumes))
	}
	mount, volume := c.VolumeMounts[0], template.Volumes[0]
	if *mount.MountPath != image.data || *mount.VolumeName != *volume.Name {
		t.Errorf("the volume %q is mounted as %q at %q, want %q", *volume.Name, *mount.VolumeName, *mount.MountPath, image.data)
	}
	if !slices.Contains(armappcontainers.PossibleStorageTypeValues(), *volume.StorageType) {
		t.Errorf("no storage is a %q", *volume.StorageType)
	}
	if want := fmt.Sprintf("uid=%d,gid=%d,", image.user, image.user); !strings.HasPrefix(*volume.MountOptions, want) {
		t.Errorf("the volume is mounted with %q, want %q in front", *volume.MountOptions, want)
	}
	if scale := template.Scale; *scale.MinReplicas < 1 || *scale.MaxReplicas < *scale.MinReplicas {
		t.Errorf("%d to %d replicas", *scale.MinReplicas, *scale.MaxReplicas)
	}
}

func TestContainerAppStrict(t *testing.T) {
	text := file(t, "containerapp.yaml")
	for old, fresh := range map[string][2]string{
		"targetPort: 80":       {"targetport: 80", `unknown field "properties.configuration.ingress.targetport"`},
		"mountPath":            {"mountpath", "volumeMounts[0].mountpath"},
		"cpu: 0.25":            {`cpu: "0.25"`, "cannot unmarshal"},
		"minReplicas: 2":       {"minReplicas: 2\n      minReplicas: 3", `"minReplicas" already set`},
		"  template:":          {"  templates:", `unknown field "properties.templates"`},
		"periodSeconds: 5":     {"periodSeconds: often", "cannot unmarshal"},
		"storageType":          {"storage", "volumes[0].storage"},
		"httpGet: {path: /rea": {"http: {path: /rea", "probes[2].http"},
	} {
		bad := bytes.Replace(text, []byte(old), []byte(fresh[0]), 1)
		if bytes.Equal(bad, text) {
			t.Errorf("no %q to spoil", old)
		} else if _, err := decodeApp(bad); err == nil || !strings.Contains(err.Error(), fresh[1]) {
			t.Errorf("with %q the error is %v, want %q in it", fresh[0], err, fresh[1])
		}
	}
}
