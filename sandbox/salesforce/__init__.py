"""The Salesforce emulator: REST API v31.0 to v68.0 over the paths /services/oauth2 and /services/data."""
