"""An emulator of HubSpot and Salesforce over real HTTP, with a control plane; it shares no code with the product it tests."""
