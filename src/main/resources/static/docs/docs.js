// no validator badge: it would ask a host elsewhere
SwaggerUIBundle({url: "/openapi.yaml", dom_id: "#calls", validatorUrl: null});
