// The browser's loudspeaker and microphone. Sound begins with the first click, as browsers want it.

import { t } from '../texts.js';

export class Sound {
  /** `spoken(Int16Array)` gets what the microphone hears, `told(levels)` what is played. */
  constructor({ spoken, told }) {
    this.spoken = spoken;
    this.told = told;
    this.microphone = null;
    this.latest = null;
  }

  /** To be called by a click or a key. */
  async start() {
    if (this.context) {
      await this.context.resume();
      return;
    }
    this.context = new AudioContext({ latencyHint: 'interactive' });
    await this.context.audioWorklet.addModule(new URL('./worklet.js', import.meta.url));
    this.node = new AudioWorkletNode(this.context, 'tipring-telephone', { outputChannelCount: [1] });
    this.node.port.onmessage = ({ data }) => {
      if (data.spoken) this.spoken(data.spoken);
      if (data.told) {
        this.latest = data.told;
        this.told(data.told);
      }
    };
    this.node.connect(this.context.destination);
    this.node.port.postMessage({ ring: this.ringing ?? false });
    await this.context.resume();
  }

  play(sound) {
    this.node?.port.postMessage({ sound });
  }

  ring(ringing) {
    this.ringing = ringing;
    this.node?.port.postMessage({ ring: ringing });
  }

  /** The microphone is switched on; an error tells why not. */
  async listen() {
    await this.start();
    if (this.microphone) return;
    if (!navigator.mediaDevices) throw new Error(t('telephone.unsafe'));
    const constraints = { audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: false } };
    this.microphone = await navigator.mediaDevices.getUserMedia(constraints);
    this.source = this.context.createMediaStreamSource(this.microphone);
    this.source.connect(this.node);
  }

  mute() {
    this.source?.disconnect();
    this.microphone?.getTracks().forEach((track) => track.stop());
    this.microphone = null;
  }

  end() {
    this.mute();
    this.context?.close();
  }
}
