/**
 * A certificate for `localhost` that signs itself, and its key: nobody trusts it unless told, so that a test can be a host
 * with a bad certificate and one with a good one. It guards nothing. Valid until 2126.
 */
export const tlsIdentity = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUIE1RX9cJN8c7HsiRnfViZ5b/PjYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDE0MTI1M1oYDzIxMjYxMDMx
MTQxMjUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARKM3+peEBFGMYNJKgyFVPFOQA7pqsbBSg8Uz6bXa+D/svw7Fg9bcXT
x46fbyhszdiUrFbTjod6wSequShA177ko2kwZzAdBgNVHQ4EFgQUh99OyYEy6hBO
cOwrd/YOoBGyzeYwHwYDVR0jBBgwFoAUh99OyYEy6hBOcOwrd/YOoBGyzeYwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAOerrQt0x83fgEz2D9D3wCN5QUANdPobRovx1cvRgDgHAiBWBdez2mJg
3+S51Rt2LeR45ZgsM/XxjBn23gUBISd3Ww==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfBIeqO0TjE0p8T4J
shNRy1wX6xWV9KcxZfm7eRHyGOihRANCAARKM3+peEBFGMYNJKgyFVPFOQA7pqsb
BSg8Uz6bXa+D/svw7Fg9bcXTx46fbyhszdiUrFbTjod6wSequShA177k
-----END PRIVATE KEY-----`,
}
