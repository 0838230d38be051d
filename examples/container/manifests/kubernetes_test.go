package manifests_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestDeployment asks the program and its image whether the manifest is right.
func TestDeployment(t *testing.T) {
	objects := read(t, "kubernetes.yaml")
	deployment, claim := find[*appsv1.Deployment](t, objects), find[*corev1.PersistentVolumeClaim](t, objects)
	image, p := readImage(t), start(t)
	pod := deployment.Spec.Template.Spec
	if len(pod.Containers) != 1 || len(pod.Containers[0].Ports) != 1 {
		t.Fatalf("want one container with one port, got %+v", pod.Containers)
	}
	c := pod.Containers[0]
	port := c.Ports[0]
	if port.ContainerPort != image.port {
		t.Errorf("containerPort %d, want %d", port.ContainerPort, image.port)
	}
	for name, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		if probe == nil || probe.HTTPGet == nil {
			t.Errorf("no %s probe by HTTP", name)
			continue
		}
		if probe.HTTPGet.Port != intstr.FromString(port.Name) {
			t.Errorf("the %s probe asks port %s, want %q", name, probe.HTTPGet.Port.String(), port.Name)
		}
		p.check(t, name, probe.HTTPGet.Path)
	}
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Sleep == nil {
		t.Fatal("no preStop that an image without a shell can do")
	}
	if got, needed := *pod.TerminationGracePeriodSeconds, c.Lifecycle.PreStop.Sleep.Seconds+p.grace; got <= needed {
		t.Errorf("terminationGracePeriodSeconds %d, and preStop and the program take up to %d", got, needed)
	}
	if len(c.VolumeMounts) != 1 || len(pod.Volumes) != 1 || pod.Volumes[0].PersistentVolumeClaim == nil {
		t.Fatalf("want one volume, which is claimed, got %+v", pod.Volumes)
	}
	if m := c.VolumeMounts[0]; m.MountPath != image.data || m.ReadOnly || m.Name != pod.Volumes[0].Name {
		t.Errorf("the keys are at %s, and the mount is %+v", image.data, m)
	}
	if pod.Volumes[0].PersistentVolumeClaim.ClaimName != claim.Name {
		t.Errorf("the claim is %q, want %q", pod.Volumes[0].PersistentVolumeClaim.ClaimName, claim.Name)
	}
	if *deployment.Spec.Replicas > 1 && claim.Spec.AccessModes[0] != corev1.ReadWriteMany {
		t.Errorf("instances on several nodes share a volume that is %v", claim.Spec.AccessModes)
	}
	restricted(t, pod, c, image)
}

// restricted checks what the restricted Pod Security Standard asks of a pod, and
// that its user is the image's.
func restricted(t *testing.T, pod corev1.PodSpec, c corev1.Container, image image) {
	t.Helper()
	for name, ok := range map[string]bool{
		"runAsNonRoot":             *pod.SecurityContext.RunAsNonRoot,
		"runAsUser":                *pod.SecurityContext.RunAsUser == image.user,
		"runAsGroup":               *pod.SecurityContext.RunAsGroup == image.user,
		"fsGroup":                  *pod.SecurityContext.FSGroup == image.user,
		"seccompProfile":           pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"allowPrivilegeEscalation": !*c.SecurityContext.AllowPrivilegeEscalation,
		"readOnlyRootFilesystem":   *c.SecurityContext.ReadOnlyRootFilesystem,
		"capabilities.drop":        len(c.SecurityContext.Capabilities.Drop) == 1 && c.SecurityContext.Capabilities.Drop[0] == "ALL",
		"capabilities.add":         len(c.SecurityContext.Capabilities.Add) == 0,
		"automountServiceAccount":  !*pod.AutomountServiceAccountToken,
	} {
		if !ok {
			t.Errorf("%s is not what the image needs, or not what the standard allows", name)
		}
	}
	for _, s := range pod.SecurityContext.Sysctls {
		if s.Name != "net.ipv4.ip_unprivileged_port_start" || s.Value != "0" {
			t.Errorf("the standard allows no sysctl %s=%s", s.Name, s.Value)
		}
	}
}

func TestService(t *testing.T) {
	objects := read(t, "kubernetes.yaml")
	service, deployment := find[*corev1.Service](t, objects), find[*appsv1.Deployment](t, objects)
	labels := deployment.Spec.Template.Labels
	for _, selector := range []map[string]string{service.Spec.Selector, deployment.Spec.Selector.MatchLabels} {
		if len(selector) == 0 {
			t.Error("a selector selects everything")
		}
		for name, value := range selector {
			if labels[name] != value {
				t.Errorf("no pod has %s=%s: they have %v", name, value, labels)
			}
		}
	}
	port := deployment.Spec.Template.Spec.Containers[0].Ports[0]
	for _, p := range service.Spec.Ports {
		if p.TargetPort != intstr.FromString(port.Name) {
			t.Errorf("the service goes to port %s, want %q", p.TargetPort.String(), port.Name)
		}
	}
}
